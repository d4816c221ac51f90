/** A count as people read it. */
export const many = (count: number): string => count.toLocaleString("en-US");

/** hh:mm:ss of the reader's own time zone. */
export const clock = (unix_s: number): string => new Date(unix_s * 1000).toLocaleTimeString("en-GB");

/** Day and time of the reader's own time zone. */
export const moment = (unix_s: number): string =>
  new Date(unix_s * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** A length of time as people say it. */
export function span(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 2 * MINUTE) return `${s} s`;
  if (s < 2 * HOUR) return `${Math.round(s / MINUTE)} min`;
  return s < 2 * DAY ? `${Math.round(s / HOUR)} h` : `${Math.round(s / DAY)} days`;
}

const MOST_BYTES = 64;

/** Bytes that are no text: how many, and the first of them in hexadecimal. */
export function hexOf(base64: string): string {
  const bytes = atob(base64);
  const first = [...bytes.slice(0, MOST_BYTES)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
  return `${many(bytes.length)} bytes: ${first.join(" ")}${bytes.length > MOST_BYTES ? " …" : ""}`;
}
