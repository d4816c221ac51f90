import { inflate } from "../format/gzip.ts";
import { readFile } from "node:fs/promises";
import { NDJSON } from "../format/body.ts";
import { gzip, isGzip } from "../format/gzip.ts";
import { lineRows } from "../format/raw-lines.ts";
import { readPieces } from "../format/pieces.ts";
import { settings, settingOf } from "../settings.ts";
import { ingest as ingestBody, type Ingested } from "../flow/request/ingest.ts";
import { WIRE_LIMIT } from "../flow/api/post-states.ts";
import { dataOption, flag, OK, oneOf, text, type Command, type Arguments, type Io } from "./command.ts";
import { drainQueue } from "./drain.ts";
import { inputs, type Input } from "./files.ts";
import type { PostedBody } from "../flow/request/post-body.ts";
import { postTo } from "./post.ts";
import { counts, many, progress } from "./progress.ts";
import { sourceOption } from "./produce.ts";
import { withAdapters } from "./open.ts";

export const ingest: Command = {
  name: "ingest",
  summary: "bring files in through the request flow, split where they are large",
  help: `ingest FILE... [--url URL [--sign REGION]] [--source NAME] [--format ndjson|csv] [--data DIR] [--json]

  FILE           any shape that the API takes, plain or gzip; - is standard input
  --url URL      a running API, such as http://127.0.0.1:8080/v1; else the data folder's own stores
  --sign REGION  signs requests for API Gateway of that region, also behind a name of your own
  --json         the total as JSON

  An API on AWS: ${settings.api_key.name} is sent where it is set; else requests to execute-api, or where --sign says so, are
  signed with the credentials that AWS's own tools would use. 429 and 503 are tried again after the wait they ask for.

Examples:
  flightline ingest recorded/*.json.gz
  flightline ingest - --url http://127.0.0.1:8080/v1 --source my-receiver < aircraft.json`,
  options: {
    ...dataOption,
    url: { type: "string" },
    sign: { type: "string" },
    source: { type: "string" },
    format: { type: "string", default: "ndjson" },
    json: { type: "boolean", default: false },
  },
  async run(args, io) {
    const files = await inputs(args.words, io);
    const source = sourceOption(args);
    const format = oneOf(args, "format", ["ndjson", "csv"]) ?? "ndjson";
    const url = text(args, "url");
    if (url !== undefined) {
      const [key, region] = [settingOf(io.env, "api_key"), text(args, "sign")];
      return sendAll(files, { args, io, send: postTo({ url, source, format, key, region, signal: io.signal }) });
    }
    return withAdapters(args, io, async (adapters) => {
      const send: Send = async ({ body, media_type }) => {
        const request = {
          body,
          media_type,
          source,
          format,
          idempotency_key: undefined,
          received_at: Math.floor(Date.now() / 1000),
        };
        return ingestBody(request, inflate(body), adapters);
      };
      const code = await sendAll(files, { args, io, send });
      await drainQueue(adapters, io.signal);
      return code;
    });
  },
};

type Send = (body: PostedBody) => Promise<Ingested>;

async function sendAll(
  files: readonly Input[],
  { args, io, send }: { args: Arguments; io: Io; send: Send },
): Promise<number> {
  const shown = progress(io);
  const total = { received: 0, cleaned: 0, rejected: {} as Record<string, number> };
  for (const file of files)
    for await (const body of bodiesOf(file)) {
      const answer = await send(body);
      total.received += answer.received;
      total.cleaned += answer.cleaned;
      for (const [reason, n] of Object.entries(answer.rejected))
        total.rejected[reason] = (total.rejected[reason] ?? 0) + n;
      shown.say(`${file.name}: ${many(total.received)} rows`);
    }
  shown.end();
  io.out(
    flag(args, "json")
      ? `${JSON.stringify(total)}\n`
      : `received ${many(total.received)}, cleaned ${many(total.cleaned)}, rejected: ${counts(total.rejected)}\n`,
  );
  return OK;
}

/** Lines collected into one request when a file is too large for one. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** A file as one body where it fits the wire, else its rows as NDJSON bodies. */
async function* bodiesOf(file: Input): AsyncGenerator<PostedBody> {
  if (file.name !== "-") {
    const whole = await smallFile(file.name);
    if (whole !== null) return yield { body: whole, media_type: "application/json" };
  }
  let lines: Uint8Array[] = [];
  let bytes = 0;
  const feed = Buffer.from("\n");
  const rows = lineRows(({ line }) => {
    lines.push(line, feed);
    bytes += line.length + 1;
  });
  const cut = (): PostedBody => {
    const body = gzip(Buffer.concat(lines));
    lines = [];
    bytes = 0;
    return { body, media_type: NDJSON };
  };
  for await (const _ of readPieces(file.open(), rows)) if (bytes >= PIECE_BYTES) yield cut();
  if (bytes > 0) yield cut();
}

/** The file's bytes, gzip, when they fit into one request; else null. */
async function smallFile(name: string): Promise<Uint8Array | null> {
  const bytes = await readFile(name);
  const packed = isGzip(bytes) ? bytes : gzip(bytes);
  return packed.length <= WIRE_LIMIT && (isGzip(bytes) || bytes.length <= PIECE_BYTES) ? packed : null;
}
