import { NotAnsweredError } from "../errors.ts";
import type { FlowReport } from "../ledger/reconcile.ts";
import { rejectedPrefix } from "../objects/keys.ts";
import type { Flow, Ledger, ObjectStore, Reader, Sink } from "../ports.ts";
import type { Box, StateKey, StatesQuery, StoredRow } from "../queries.ts";
import { readReceipt } from "../request/ingest.ts";
import { readRejected, type RejectedRow } from "../request/rejected.ts";
import { BadRequestError, json, problem, type ProxyResult } from "./http.ts";
import type { Values } from "./parameters.ts";

export interface ReadContext {
  objects: ObjectStore;
  sink: Sink;
  ledger: Ledger;
  reader: Reader | null;
  /** Returns the last count of both flows. `fresh` counts again. */
  flows(fresh: boolean): Promise<FlowReport[]>;
}

/** Returns the reader. Throws `NotAnsweredError` in a deployment without a database. */
export function requireReader(reader: Reader | null): Reader {
  if (reader !== null) return reader;
  throw new NotAnsweredError("no database is configured. Query the files of the lake instead");
}

/** `GET /ingestions/{id}`: the receipt and, after loading, the ledger row. */
export async function getIngestion({ objects, ledger }: ReadContext, { id }: Values): Promise<ProxyResult> {
  const receipt = await readReceipt(objects, String(id));
  if (receipt === null)
    return problem(404, { code: "not_found", message: "this ingestion does not exist", path: "id", value: id });
  const { received_at, source, format, media_type, rows } = receipt;
  const row = await ledger.batch(receipt);
  const counts =
    row === null
      ? { status: "pending" }
      : {
          status: "loaded",
          accepted: row.accepted,
          duplicate: row.duplicate,
          rejected: row.rejected,
          repeats: row.repeats,
          expired: row.expired,
          contract: row.contract,
        };
  return json(200, { id: receipt.id, received_at, source, format, media_type, received: rows, ...counts });
}

/** `GET /states`: a page of the history by box, aircraft and time. */
export async function getStates({ reader }: ReadContext, values: Values): Promise<ProxyResult> {
  const limit = Number(values["limit"]);
  const box = boxOf(values);
  const after = cursorOf(values["cursor"]);
  if (after !== undefined && values["every"] !== undefined)
    throw new BadRequestError("`every` cannot be combined with `cursor`", {
      code: "invalid_parameter",
      path: "cursor",
    });
  const isBounded = values["icao24"] !== undefined || (values["from"] !== undefined && values["to"] !== undefined);
  if (values["every"] !== undefined && !isBounded)
    throw new BadRequestError("`every` requires `icao24`, or both `from` and `to`", {
      code: "invalid_parameter",
      path: "every",
    });
  const query: StatesQuery = {
    ...present(values, ["icao24", "callsign", "source", "batch_id", "from", "to", "every"]),
    ...(box === undefined ? {} : { box }),
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  };
  const rows = await requireReader(reader).states(query);
  const page = rows.slice(0, limit);
  const hasMore = rows.length > limit && query.every === undefined;
  return json(200, { states: page, next_cursor: hasMore ? cursorFor(page.at(-1)) : null });
}

/** `GET /aircraft`: the newest row of each aircraft. */
export async function getAircraft({ reader }: ReadContext, values: Values): Promise<ProxyResult> {
  const box = boxOf(values);
  const rows = await requireReader(reader).aircraft({
    ...present(values, ["icao24", "callsign", "search", "at"]),
    ...(box === undefined ? {} : { box }),
    limit: Number(values["limit"]),
  });
  return json(200, { aircraft: rows });
}

/** `GET /aircraft/{icao24}`: the newest row of one aircraft. */
export async function getOneAircraft({ reader }: ReadContext, { icao24 }: Values): Promise<ProxyResult> {
  const [row] = await requireReader(reader).aircraft({ icao24: String(icao24), limit: 1 });
  if (row !== undefined) return json(200, row);
  return problem(404, {
    code: "not_found",
    message: "no row of this aircraft is stored",
    path: "icao24",
    value: icao24,
  });
}

/** A rejected row with the key of its object and its index in the object, from 0. Replay identifies rows by these. */
export type RejectedSample = RejectedRow & { flow: string; key: string; index: number };

/** `GET /rejections`: rejected rows, newest first. */
export async function getRejections({ objects }: ReadContext, { flow, limit }: Values): Promise<ProxyResult> {
  const flows = flow === undefined ? (["request", "stream"] as const) : [flow as Flow];
  return json(200, { rejections: await newestRejections(objects, flows, Number(limit)) });
}

/** The newest rejected rows of these flows, newest first. Reads the newest objects until it has `limit` rows per flow. */
export async function newestRejections(
  objects: ObjectStore,
  flows: readonly Flow[],
  limit: number,
): Promise<RejectedSample[]> {
  const samples: RejectedSample[] = [];
  for (const flow of flows) {
    let rows = 0;
    for (const key of (await newestKeys(objects, rejectedPrefix(flow), limit)).reverse()) {
      if (rows >= limit) break;
      const body = await objects.get(key);
      if (body === null) continue;
      let index = 0;
      for await (const row of readRejected(body)) {
        samples.push({ flow, key, index: index++, ...row });
        if (index === limit) break;
      }
      rows += index;
    }
  }
  return samples.sort((a, b) => b.received_at - a.received_at).slice(0, limit);
}

/** Keys contain day and hour, so the newest are listed last. */
async function newestKeys(objects: ObjectStore, prefix: string, limit: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) {
    keys.push(key);
    if (keys.length > 2 * limit) keys.splice(0, limit);
  }
  return keys.slice(-limit);
}

/** `GET /flows`: the reconciliation of both flows. */
export async function getFlows(context: ReadContext, { fresh }: Values): Promise<ProxyResult> {
  return json(200, { flows: await context.flows(fresh === true) });
}

/** `GET /health`: 503 while the database does not respond. */
export async function getHealth({ sink }: ReadContext): Promise<ProxyResult> {
  await sink.ping();
  return json(200, { status: "ok" });
}

/** The values with these names that the request contains. */
function present(values: Values, names: readonly string[]): Record<string, string & number> {
  return Object.fromEntries(
    names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name] as string & number]])),
  );
}

function boxOf(values: Values): Box | undefined {
  const edges = ["lamin", "lomin", "lamax", "lomax"] as const;
  const missing = edges.filter((name) => values[name] === undefined);
  if (missing.length === edges.length) return undefined;
  if (missing.length > 0)
    throw new BadRequestError("specify all of lamin, lomin, lamax and lomax", {
      code: "invalid_parameter",
      path: missing.join(","),
      allowed: edges,
    });
  const [lamin, lomin, lamax, lomax] = edges.map((name) => Number(values[name])) as [number, number, number, number];
  if (lamin > lamax)
    throw new BadRequestError("`lamin` is greater than `lamax`", {
      code: "invalid_parameter",
      path: "lamin",
      value: lamin,
      allowed: { maximum: lamax },
    });
  return { lamin, lomin, lamax, lomax };
}

/** A cursor is the key of the last row of a page. Clients must not rely on its format. */
const cursorFor = (row: StoredRow | undefined): string =>
  Buffer.from(
    JSON.stringify([row?.["last_contact"], row?.["icao24"], row?.["source"], row?.["time_position"]]),
  ).toString("base64url");

function cursorOf(text: Values[string]): StateKey | undefined {
  if (text === undefined) return undefined;
  const invalid = new BadRequestError("invalid value for parameter `cursor`. Use next_cursor of the previous page", {
    code: "invalid_parameter",
    path: "cursor",
    value: text,
  });
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(String(text), "base64url").toString("utf8"));
  } catch {
    throw invalid;
  }
  if (!Array.isArray(parts) || parts.length !== 4) throw invalid;
  const [last_contact, icao24, source, time_position] = parts as unknown[];
  const isTime = (time: unknown): time is number => Number.isSafeInteger(time);
  if (!isTime(last_contact) || typeof icao24 !== "string" || typeof source !== "string") throw invalid;
  if (time_position !== null && !isTime(time_position)) throw invalid;
  return { last_contact, icao24, source, time_position };
}
