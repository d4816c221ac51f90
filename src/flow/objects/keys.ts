import { contractTag } from "../../flight/contract.ts";
import type { Flow } from "../ports.ts";

/** Names of objects. Every part of a key is ours or was checked: ids, dates, tags. */
export type FlatFormat = "ndjson" | "csv";

const hourParts = (unix_s: number): { day: string; hour: string } => {
  const text = new Date(unix_s * 1000).toISOString();
  return { day: text.slice(0, 10), hour: text.slice(11, 13) };
};

/** `day=YYYY-MM-DD/hour=HH` of a Unix time, UTC. */
export const hourFolder = (unix_s: number): string => {
  const { day, hour } = hourParts(unix_s);
  return `day=${day}/hour=${hour}`;
};

export const rawBodyKey = (id: string): string => `raw/${id}.body`;
export const doorKey = (id: string): string => `raw/${id}.json`;
/** The id that a door record's key names; null for any other key. */
export const doorId = (key: string): string | null => /^raw\/(.*)\.json$/.exec(key)?.[1] ?? null;
/** What the clean files of an ingestion begin with, whatever the contract. */
export const cleanPrefix = (id: string, received_at: number): string =>
  `clean/flow=request/${hourFolder(received_at)}/${id}.`;
export const cleanKey = (id: string, received_at: number, format: FlatFormat): string =>
  `${cleanPrefix(id, received_at)}${contractTag}.${format}.gz`;
export const rejectedKey = (flow: Flow, id: string, received_at: number): string =>
  `rejected/flow=${flow}/${hourFolder(received_at)}/${id}.${contractTag}.ndjson.gz`;
/** Marks a rejected object as replayed under a contract; the object itself stays. */
export const replayedKey = (rejected: string): string => `replayed/${rejected}.${contractTag}.json`;

const CLEAN =
  /^clean\/flow=request\/(day=(\d{4}-\d\d-\d\d)\/hour=(\d\d))\/(r[0-9a-f]{32})\.([0-9a-f]{8})\.(ndjson|csv)\.gz$/;

export interface CleanName {
  id: string;
  tag: string;
  format: FlatFormat;
  /** Unix seconds: the beginning of the hour of arrival. */
  hour_s: number;
  /** The rejected object of the same ingestion and contract. */
  rejected: string;
}

/** The parts of a clean file's key; null for any other key. */
export function parseCleanKey(key: string): CleanName | null {
  const [, folder, day, hour, id, tag, format] = CLEAN.exec(key) ?? [];
  if (folder === undefined || id === undefined || tag === undefined) return null;
  const hour_s = Date.parse(`${day}T${hour}:00:00Z`) / 1000;
  return {
    id,
    tag,
    hour_s,
    format: format as FlatFormat,
    rejected: `rejected/flow=request/${folder}/${id}.${tag}.ndjson.gz`,
  };
}

/** What a batch counted, where no database does. */
export const manifestKey = (flow: Flow, id: string, received_at: number): string =>
  `manifests/flow=${flow}/${hourFolder(received_at)}/${id}.json`;

export const lakeFolder = (hour: string, batch_id: string): string => `lake/state_vectors/${hour}/batch=${batch_id}`;
export const mixedFolder = (batch_id: string): string => `lake/mixed/batch=${batch_id}`;
