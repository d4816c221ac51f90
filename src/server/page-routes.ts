import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { NotAnsweredError } from "../flow/errors.ts";
import { BadRequestError } from "../flow/api/http.ts";
import type { IngestPorts } from "../flow/request/ingest.ts";
import { provenanceOf, type ProvenancePorts } from "../flow/api/provenance.ts";
import type { Flow, Reader } from "../flow/ports.ts";
import type { StoredRow } from "../flow/queries.ts";
import { openRejections, replayRejected, type Replayed } from "../flow/request/replay.ts";
import { claimOf } from "./rejected-positions.ts";
import { parseRejectedKey } from "../flow/objects/keys.ts";
import { answering, newestRejections } from "../flow/api/read-routes.ts";
import { emergencies, EMERGENCY_SPAN_S, hasEmergency } from "./aircraft-table.ts";
import type { LiveFeed } from "./live-feed.ts";
import { toWire, type ClaimedSample, type Frame } from "./wire.ts";

export interface PageContext extends IngestPorts, ProvenancePorts {
  live: LiveFeed;
  /** Nothing is taken in here. */
  read_only?: boolean | undefined;
}

const MAX_AIRCRAFT = 100_000;
const LATEST_S = 100_000_000_000;

/** Answers what only the page asks for, below `/live/`; false when there is no such path. */
export async function answerPage(
  context: PageContext,
  { pathname, searchParams }: URL,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<boolean> {
  const [, , name, value] = pathname.split("/");
  if (pathname === "/live/aircraft") context.live.snapshot(request, response);
  else if (pathname === "/live/events") context.live.events(request, response);
  else if (pathname === "/live/replay") send(response, await replay(context, request, searchParams));
  else if (pathname === "/live/rejections") send(response, { rejections: await rejections(context) });
  else if (pathname === "/live/oldest") send(response, { oldest: await oldest(context) });
  else if (name === "at" && value !== undefined) send(response, await frameAt(context, timeOf(value)));
  else if (name === "origin" && value !== undefined) send(response, await origin(context, value));
  else return false;
  return true;
}

function send(response: ServerResponse, answer: unknown): void {
  const body = gzipSync(JSON.stringify(answer), { level: 1 });
  const head = { "content-type": "application/json", "content-encoding": "gzip", "cache-control": "no-store" };
  response.writeHead(200, { ...head, "x-content-type-options": "nosniff" }).end(body);
}

function timeOf(text: string): number {
  const at = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
  if (at <= LATEST_S) return at;
  throw new BadRequestError("not a Unix time in seconds", { code: "invalid_parameter", path: "at", value: text });
}

/** `GET /live/at/{unix_s}`: aircraft and counters as they were then. */
async function frameAt({ ledger, reader }: PageContext, at: number): Promise<Frame> {
  // who keeps no order by time says so before the ledger is summed
  const rows = await answering(reader).aircraft({ at, limit: MAX_AIRCRAFT });
  const past = await ledger.past(at);
  const flows = (["request", "stream"] as const).map((flow: Flow) => {
    const { received, accepted, duplicate, rejected, reasons } = past[flow];
    return { flow, received, accepted, duplicate, rejected, reasons };
  });
  const wire = rows.map(async (row) => toWire({ ...row, is_emergency: await wasEmergency(row, answering(reader)) }));
  return { at, rows: await Promise.all(wire), flows };
}

/** By the live feed's own rule, over what the aircraft said before. */
async function wasEmergency(row: StoredRow, reader: Reader): Promise<boolean> {
  if (!hasEmergency(row)) return false;
  const to = Number(row["last_contact"]);
  const said = { icao24: String(row["icao24"]), from: to - EMERGENCY_SPAN_S, to, limit: 2 * EMERGENCY_SPAN_S };
  const judge = emergencies();
  return (await reader.states(said)).map(judge).at(-1) ?? false;
}

const REJECTIONS = 500;

/** `GET /live/rejections`: the newest of both flows, with what they claim of themselves. */
async function rejections({ objects }: PageContext): Promise<ClaimedSample[]> {
  return (await newestRejections(objects, ["request", "stream"], REJECTIONS)).map(claimOf);
}

/** `GET /live/oldest`: last_contact of the oldest stored row; null where there is none, or where the store keeps no order by time. */
async function oldest({ reader }: PageContext): Promise<number | null> {
  try {
    const [row] = await answering(reader).states({ limit: 1 });
    return row === undefined ? null : Number(row["last_contact"]);
  } catch (error) {
    if (error instanceof NotAnsweredError) return null;
    throw error;
  }
}

/** `GET /live/origin/{icao24}`. */
async function origin(context: PageContext, icao24: string) {
  const found = await provenanceOf(icao24, context);
  if (found !== null) return found;
  throw new BadRequestError("no row of this aircraft is stored", { code: "not_found", path: "icao24" }, 404);
}

/** `POST /live/replay?key=KEY[&index=N]`, or `?all=true`: all that was rejected under another contract. */
async function replay(context: PageContext, request: IncomingMessage, of: URLSearchParams): Promise<Replayed> {
  if (request.method !== "POST" || context.read_only === true)
    throw new BadRequestError(
      "this server only watches, or it is no POST",
      { code: "method_not_allowed", path: "method" },
      405,
    );
  if (of.get("all") === "true") return replayAll(context);
  const [key, index] = [of.get("key") ?? "", of.get("index") ?? undefined];
  const isNamed = parseRejectedKey(key) !== null && (index === undefined || /^\d{1,9}$/.test(index));
  const done = isNamed ? await replayRejected(key, context, index === undefined ? undefined : Number(index)) : null;
  if (done !== null) return done;
  throw new BadRequestError("there is no such rejected object", { code: "not_found", path: "key", value: key }, 404);
}

async function replayAll(context: PageContext): Promise<Replayed> {
  const total: Replayed = { rows: 0, cleaned: 0, rejected: 0 };
  for await (const key of openRejections(context)) {
    const { rows, cleaned, rejected } = (await replayRejected(key, context)) ?? { rows: 0, cleaned: 0, rejected: 0 };
    total.rows += rows;
    total.cleaned += cleaned;
    total.rejected += rejected;
  }
  return total;
}
