import { contractTag } from "../../flight/contract.ts";
import { idDigitsPattern } from "../../flight/identifiers.ts";
import { BadKeyError } from "../errors.ts";
import type { Flow } from "../ports.ts";

/*
 * The keys of all objects. This file is their only owner: the deployment takes its prefixes from here, and the
 * plan carries those of the Spark job. Each part of a key is generated or checked: ids, dates, tags.
 */

/** The format of a clean file. */
export type FlatFormat = "ndjson" | "csv";

const SEGMENT = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/;
const MAX_KEY = 1_024;
const MAX_SEGMENT = 255;

/** Whether a name is a valid key. Stores skip objects with other names, which other programs left. */
export function isKey(name: string): boolean {
  return name.length <= MAX_KEY && name.split("/").every((part) => SEGMENT.test(part) && part.length <= MAX_SEGMENT);
}

/** Throws `BadKeyError` for a key that could leave the store's folder, or that one of the stores cannot contain. */
export function checkKey(key: string): string {
  if (isKey(key)) return key;
  throw new BadKeyError(
    `invalid object key ${JSON.stringify(key.slice(0, 100))}. Allowed: segments of A-Z a-z 0-9 . _ = - without a leading dot`,
  );
}

/** The beginning of the keys of each kind of object. */
export const PREFIXES = {
  /** Bodies as received, and the receipt of each. */
  raw: "raw/",
  /** Cleaned flat files of Flow 1. */
  clean: "clean/",
  /** Rejected rows with their reasons. */
  rejected: "rejected/",
  /** Marks that a rejected object was replayed. */
  replayed: "replayed/",
  /** Counts of deliveries, in a deployment without a database. */
  manifests: "manifests/",
  /** Files of the lake: `lakeHours` by hour, `lakeMixed` for batches that touch many hours. */
  lake: "lake/",
  lakeHours: "lake/state_vectors/",
  lakeMixed: "lake/mixed/",
  /** Spark's own state of the Glue job. */
  checkpoints: "checkpoints/",
} as const;
export type ObjectFamily = keyof typeof PREFIXES;

/** The ends of the keys of an ingestion's body and receipt. */
export const RAW_BODY_SUFFIX = ".body";
const RECEIPT_SUFFIX = ".json";

const hourParts = (unix_s: number): { day: string; hour: string } => {
  const text = new Date(unix_s * 1000).toISOString();
  return { day: text.slice(0, 10), hour: text.slice(11, 13) };
};

const HOUR_FOLDER = String.raw`day=(\d{4}-\d\d-\d\d)/hour=(\d\d)`;

/** `day=YYYY-MM-DD/hour=HH` of a Unix time, UTC. */
export const hourFolder = (unix_s: number): string => {
  const { day, hour } = hourParts(unix_s);
  return `day=${day}/hour=${hour}`;
};
/** Unix seconds at which a day and hour begin. */
const hourStart = (day: string | undefined, hour: string | undefined): number =>
  Date.parse(`${day}T${hour}:00:00Z`) / 1000;

export const rawBodyKey = (id: string): string => `${PREFIXES.raw}${id}${RAW_BODY_SUFFIX}`;
/** The key of a receipt: see `IngestReceipt`. */
export const receiptKey = (id: string): string => `${PREFIXES.raw}${id}${RECEIPT_SUFFIX}`;
const RECEIPT = new RegExp(`^${PREFIXES.raw}(.*)\\${RECEIPT_SUFFIX}$`);
/** The id in a receipt's key. Null for any other key. */
export const receiptId = (key: string): string | null => RECEIPT.exec(key)?.[1] ?? null;

/** The prefix of the clean files of all ingestions. */
export const cleanFilesPrefix = `${PREFIXES.clean}flow=request/`;
/** The prefix of the clean files of one ingestion, under every contract. */
export const cleanPrefix = (id: string, received_at: number): string =>
  `${cleanFilesPrefix}${hourFolder(received_at)}/${id}.`;
export const cleanKey = (id: string, received_at: number, format: FlatFormat): string =>
  `${cleanPrefix(id, received_at)}${contractTag}.${format}.gz`;

/** The prefix of the rejected objects of a flow. */
export const rejectedPrefix = (flow: Flow): string => `${PREFIXES.rejected}flow=${flow}/`;
const rejectedName = (flow: Flow, name: { folder: string; id: string; tag: string }): string =>
  `${rejectedPrefix(flow)}${name.folder}/${name.id}.${name.tag}.ndjson.gz`;
export const rejectedKey = (flow: Flow, id: string, received_at: number): string =>
  rejectedName(flow, { folder: hourFolder(received_at), id, tag: contractTag });
const REJECTED = new RegExp(
  `^${PREFIXES.rejected}flow=(request|stream)/${HOUR_FOLDER}/([rs]${idDigitsPattern})\\.([0-9a-f]{8})\\.ndjson\\.gz$`,
);
/** The delivery and the contract tag of a rejected object. Null for any other key. */
export function parseRejectedKey(key: string): { id: string; tag: string } | null {
  const [, , , , id, tag] = REJECTED.exec(key) ?? [];
  return id === undefined || tag === undefined ? null : { id, tag };
}
/** The key of the mark that a rejected object was replayed under this contract. The rejected object itself stays. */
export const replayedKey = (rejected: string): string => `${PREFIXES.replayed}${rejected}.${contractTag}.json`;

const CLEAN = new RegExp(
  `^${cleanFilesPrefix}(${HOUR_FOLDER})/(r${idDigitsPattern})\\.([0-9a-f]{8})\\.(ndjson|csv)\\.gz$`,
);

export interface CleanName {
  id: string;
  tag: string;
  format: FlatFormat;
  /** Unix seconds: the beginning of the hour of arrival. */
  hour_s: number;
  /** The rejected object of the same ingestion and contract. */
  rejected: string;
}

/** The parts of a clean file's key. Null for any other key. */
export function parseCleanKey(key: string): CleanName | null {
  const [, folder, day, hour, id, tag, format] = CLEAN.exec(key) ?? [];
  if (folder === undefined || id === undefined || tag === undefined) return null;
  return {
    id,
    tag,
    hour_s: hourStart(day, hour),
    format: format as FlatFormat,
    rejected: rejectedName("request", { folder, id, tag }),
  };
}

/** The prefix of the manifests of a flow. */
export const manifestsPrefix = (flow: Flow): string => `${PREFIXES.manifests}flow=${flow}/`;
/** The key of the manifest of a delivery: its counts, in a deployment without a database. */
export const manifestKey = (flow: Flow, id: string, received_at: number): string =>
  `${manifestsPrefix(flow)}${hourFolder(received_at)}/${id}.json`;

/** The folder of a batch's rows of one hour. `hour` is a `hourFolder`. */
export const lakeFolder = (hour: string, batch_id: string): string => `${PREFIXES.lakeHours}${hour}/batch=${batch_id}`;
export const mixedFolder = (batch_id: string): string => `${PREFIXES.lakeMixed}batch=${batch_id}`;
const LAKE_HOUR = new RegExp(`^${PREFIXES.lakeHours}${HOUR_FOLDER}/`);
/** The hour of a lake file, in Unix seconds. Null for a key outside the hours' folders. */
export function lakeHour(key: string): number | null {
  const [, day, hour] = LAKE_HOUR.exec(key) ?? [];
  return day === undefined ? null : hourStart(day, hour);
}
/** The batch that wrote a lake file. */
export const lakeBatch = (key: string): string => key.replace(/^.*batch=/, "").replace(/\/.*$/, "");
