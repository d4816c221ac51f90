import { signal } from "@preact/signals";
import type { Box } from "../../flow/queries.ts";
import type { WireField } from "../../server/wire.ts";

/** The reader's settings of the view. `url.ts` keeps them in the page's URL. */
export const search = signal("");
export const sort = signal<{ by: WireField; isDescending: boolean }>({ by: "callsign", isDescending: false });
/** Limits the table to the map's box. */
export const onlyInView = signal(false);
/** A source's name. Empty: all sources. */
export const source = signal("");
export const phases = ["all", "air", "ground"] as const;
export const phase = signal<(typeof phases)[number]>("all");
/** Limits table and map to rows that a rule flagged. */
export const onlyFlagged = signal(false);

/** Limits table and map to the aircraft of one flow and outcome, or of one batch. */
export type OriginFilter =
  | { kind: "outcome"; flow: "request" | "stream"; outcome: "accepted" | "duplicate" | "rejected" | "pending" }
  | { kind: "batch"; batch_id: string };
export const originFilter = signal<OriginFilter | null>(null);

/** Address of the selected aircraft. */
export const selected = signal<string | null>(null);

export const colorModes = ["altitude", "freshness", "flags", "source"] as const;
export const colorBy = signal<(typeof colorModes)[number]>("altitude");
/** Shows rejected rows on the map, at the position that they claim. */
export const showsRejected = signal(false);

/** Center of the map in deg, and zoom. */
export interface Camera {
  longitude: number;
  latitude: number;
  zoom: number;
}
export const camera = signal<Camera>({ longitude: 10, latitude: 30, zoom: 1.4 });
/** The box that the map shows. Null before the map is ready. */
export const mapBox = signal<Box | null>(null);

export const themes = ["auto", "light", "dark"] as const;
export const theme = signal<(typeof themes)[number]>("auto");

export const tabs = ["aircraft", "batches", "rejections", "sources"] as const;
export const tab = signal<(typeof tabs)[number]>("aircraft");
