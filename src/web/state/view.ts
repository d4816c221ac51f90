import { signal } from "@preact/signals";
import type { Box } from "../../flow/queries.ts";
import type { WireField } from "../../server/wire.ts";

/** What the reader chose; `address.ts` keeps it in the page's URL. */
export const search = signal("");
export const sort = signal<{ by: WireField; isDescending: boolean }>({ by: "callsign", isDescending: false });
/** The table alone follows the map's edges. */
export const onlyInView = signal(false);
/** A source's name; empty: all. */
export const source = signal("");
export const phases = ["all", "air", "ground"] as const;
export const phase = signal<(typeof phases)[number]>("all");
/** Those whose rows bear a flag of the rules. */
export const onlyFlagged = signal(false);

/** A part of a flow, or a batch, whose aircraft alone are shown. */
export type Choice =
  | { kind: "part"; flow: "request" | "stream"; part: "accepted" | "duplicate" | "rejected" | "pending" }
  | { kind: "batch"; batch_id: string };
export const choice = signal<Choice | null>(null);

/** Address of the selected aircraft. */
export const selected = signal<string | null>(null);

export const colourings = ["altitude", "freshness", "flags", "source"] as const;
export const colourBy = signal<(typeof colourings)[number]>("altitude");
/** Rejected rows that claim a position are shown where they claim it. */
export const showsRejected = signal(false);

/** Of the map: deg. */
export interface Camera {
  longitude: number;
  latitude: number;
  zoom: number;
}
export const camera = signal<Camera>({ longitude: 10, latitude: 30, zoom: 1.4 });
/** What the map shows; null before it shows anything. */
export const mapBox = signal<Box | null>(null);

export const themes = ["auto", "light", "dark"] as const;
export const theme = signal<(typeof themes)[number]>("auto");

export const tabs = ["aircraft", "batches", "rejections", "sources"] as const;
export const tab = signal<(typeof tabs)[number]>("aircraft");
