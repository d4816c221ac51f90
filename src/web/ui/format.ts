import { DAY_S } from "../../time.ts";
/** A count with thousands separators. */
export const formatCount = (count: number): string => count.toLocaleString("en-US");

/** hh:mm:ss in the reader's time zone. */
export const formatTime = (unix_s: number): string => new Date(unix_s * 1000).toLocaleTimeString("en-GB");

/** Day and time in the reader's time zone. */
export const formatDateTime = (unix_s: number): string =>
  new Date(unix_s * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });

const MINUTE = 60;
const HOUR = 3_600;

/** A duration rounded to one unit: seconds, minutes, hours or days. */
export function formatDuration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 2 * MINUTE) return `${s} s`;
  if (s < 2 * HOUR) return `${Math.round(s / MINUTE)} min`;
  return s < 2 * DAY_S ? `${Math.round(s / HOUR)} h` : `${Math.round(s / DAY_S)} days`;
}

const MAX_BYTES = 64;

/** The number of bytes, and the first 64 of them in hexadecimal. For data that is not text. */
export function formatBytes(base64: string): string {
  const bytes = atob(base64);
  const first = [...bytes.slice(0, MAX_BYTES)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
  return `${formatCount(bytes.length)} bytes: ${first.join(" ")}${bytes.length > MAX_BYTES ? " …" : ""}`;
}
