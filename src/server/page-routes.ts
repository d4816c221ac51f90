import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { BadRequestError } from "../flow/api/http.ts";
import { provenanceOf, type ProvenancePorts } from "../flow/api/provenance.ts";
import { requireReader, newestRejections } from "../flow/api/read-routes.ts";
import { NotAnsweredError } from "../flow/errors.ts";
import { parseRejectedKey } from "../flow/objects/keys.ts";
import type { Flow, Reader } from "../flow/ports.ts";
import type { StoredRow } from "../flow/queries.ts";
import type { IngestPorts } from "../flow/request/ingest.ts";
import { openRejections, replayRejected, type Replayed } from "../flow/request/replay.ts";
import { EMERGENCY_SPAN_S, emergencyTracker, hasEmergencyFlag } from "./aircraft-table.ts";
import type { LiveFeed } from "./live-feed.ts";
import { rejectedPosition } from "./rejected-positions.ts";
import { toWire, type RejectedPosition, type Frame } from "./wire.ts";

export interface PageContext extends IngestPorts, ProvenancePorts {
  live: LiveFeed;
  /** Replay is disabled. */
  read_only?: boolean | undefined;
}

const MAX_AIRCRAFT = 100_000;
const MAX_TIME_S = 100_000_000_000;

/** Answers the routes below `/live/`, which only the page uses. Resolves to false for an unknown path. */
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
  if (at <= MAX_TIME_S) return at;
  throw new BadRequestError("the time must be in Unix seconds", { code: "invalid_parameter", path: "at", value: text });
}

/** `GET /live/at/{unix_s}`: aircraft and counts as of that time. */
async function frameAt({ ledger, reader }: PageContext, at: number): Promise<Frame> {
  // a store without an order by time fails here, before the ledger is summed
  const rows = await requireReader(reader).aircraft({ at, limit: MAX_AIRCRAFT });
  const past = await ledger.past(at);
  const flows = (["request", "stream"] as const).map((flow: Flow) => {
    const { received, accepted, duplicate, rejected, reasons } = past[flow];
    return { flow, received, accepted, duplicate, rejected, reasons };
  });
  const wire = rows.map(async (row) =>
    toWire({ ...row, is_emergency: await wasEmergency(row, requireReader(reader)) }),
  );
  return { at, rows: await Promise.all(wire), flows };
}

/** Applies the rule of the live feed to the earlier reports of the aircraft. */
async function wasEmergency(row: StoredRow, reader: Reader): Promise<boolean> {
  if (!hasEmergencyFlag(row)) return false;
  const to = Number(row["last_contact"]);
  const query = { icao24: String(row["icao24"]), from: to - EMERGENCY_SPAN_S, to, limit: 2 * EMERGENCY_SPAN_S };
  const isEmergency = emergencyTracker();
  return (await reader.states(query)).map(isEmergency).at(-1) ?? false;
}

const MAX_REJECTIONS = 500;

/** `GET /live/rejections`: the newest rejected rows of both flows, with the positions that they contain. */
async function rejections({ objects }: PageContext): Promise<RejectedPosition[]> {
  return (await newestRejections(objects, ["request", "stream"], MAX_REJECTIONS)).map(rejectedPosition);
}

/** `GET /live/oldest`: last_contact of the oldest stored row. Null if there is none, or if the store has no order by time. */
async function oldest({ reader }: PageContext): Promise<number | null> {
  try {
    const [row] = await requireReader(reader).states({ limit: 1 });
    return row === undefined ? null : Number(row["last_contact"]);
  } catch (error) {
    if (error instanceof NotAnsweredError) return null;
    throw error;
  }
}

/** `GET /live/origin/{icao24}`. */
async function origin(context: PageContext, icao24: string) {
  const provenance = await provenanceOf(icao24, context);
  if (provenance !== null) return provenance;
  throw new BadRequestError("no row of this aircraft is stored", { code: "not_found", path: "icao24" }, 404);
}

/** `POST /live/replay?key=KEY[&index=N]`, or `?all=true` for every row that was rejected under another contract. */
async function replay(context: PageContext, request: IncomingMessage, query: URLSearchParams): Promise<Replayed> {
  if (request.method !== "POST")
    throw new BadRequestError("the method must be POST", { code: "method_not_allowed", path: "method" }, 405);
  if (context.read_only === true)
    throw new BadRequestError("this server is read-only", { code: "method_not_allowed", path: "method" }, 405);
  if (query.get("all") === "true") return replayAll(context);
  const [key, index] = [query.get("key") ?? "", query.get("index") ?? undefined];
  const isNamed = parseRejectedKey(key) !== null && (index === undefined || /^\d{1,9}$/.test(index));
  const done = isNamed ? await replayRejected(key, context, index === undefined ? undefined : Number(index)) : null;
  if (done !== null) return done;
  throw new BadRequestError("no rejected object has this key", { code: "not_found", path: "key", value: key }, 404);
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
