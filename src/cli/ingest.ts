import { readFile } from "node:fs/promises";
import { MAX_WIRE_BYTES } from "../flow/api/post-states.ts";
import { ingest as ingestBody, type Ingested } from "../flow/request/ingest.ts";
import type { PostedBody } from "../flow/request/post-body.ts";
import { NDJSON } from "../format/body.ts";
import { inflate, gzip, isGzip } from "../format/gzip.ts";
import { readPieces } from "../format/pieces.ts";
import { lineRows } from "../format/raw-lines.ts";
import { settings, settingOf } from "../settings.ts";
import { dataOption, flag, OK, oneOf, text, type Command, type Arguments, type Io, usageError } from "./command.ts";
import { drainQueue } from "./drain.ts";
import { inputs, type Input } from "./files.ts";
import { withAdapters } from "./open.ts";
import { postTo } from "./post.ts";
import { sourceOption } from "./produce.ts";
import { counts, many, progress } from "./progress.ts";

export const ingest: Command = {
  name: "ingest",
  summary: "send files through the request flow (Flow 1)",
  help: `ingest FILE... [options]

  FILE              A file in any format that the API accepts, plain or gzip. - reads standard input. A file that is
                    too large for one request is sent in several.
  --url URL         Sends to a running API, such as http://127.0.0.1:8080/v1. Default: writes to the stores of the
                    data folder
  --sign REGION     Signs the requests for API Gateway in this AWS region. Required only for a custom domain, because
                    an execute-api URL contains the region.
  --source NAME     Source to record for every row. Default: the source that the file's format implies
  --format FORMAT   Format of the cleaned files: ndjson or csv. Default: ndjson
  --data DIR        Data folder. Default: .flightline
  --json            Prints the totals as JSON.

  For an API on AWS, requests carry the API key in ${settings.api_key.name}. Without a key they are signed with your AWS
  credentials, found as the AWS CLI finds them. A request that gets 429 or 503 is retried after the Retry-After.

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
      if (!/^https?:\/\//.test(url) || !URL.canParse(url))
        throw usageError(`invalid value ${JSON.stringify(url)} for --url: allowed is http://... or https://...`);
      const [key, region] = [settingOf(io.env, "api_key"), text(args, "sign")];
      return sendAll(files, {
        args,
        io,
        send: postTo({
          url,
          source,
          format,
          key,
          region,
          signal: io.signal,
          onRetry: (error) => io.err(`${error.message}; retrying\n`),
        }),
      });
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

/** Target size of one request, before compression, for a file that is sent in several. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** A file as one body if it fits into one request. Otherwise its rows in several NDJSON bodies. */
async function* bodiesOf(file: Input): AsyncGenerator<PostedBody> {
  if (file.name !== "-") {
    const whole = await smallFile(file.name);
    if (whole !== null) return yield { body: whole, media_type: "application/json" };
  }
  let lines: Uint8Array[] = [];
  let bytes = 0;
  const newline = Buffer.from("\n");
  const rows = lineRows(({ line }) => {
    lines.push(line, newline);
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

/** The bytes of the file, compressed. Null if they do not fit into one request. */
async function smallFile(name: string): Promise<Uint8Array | null> {
  const bytes = await readFile(name);
  const packed = isGzip(bytes) ? bytes : gzip(bytes);
  return packed.length <= MAX_WIRE_BYTES && (isGzip(bytes) || bytes.length <= PIECE_BYTES) ? packed : null;
}
