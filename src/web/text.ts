/** A count as people read it. */
export const many = (count: number): string => count.toLocaleString("en-US");

/** hh:mm:ss of the reader's own time zone. */
export const clock = (unix_s: number): string => new Date(unix_s * 1000).toLocaleTimeString("en-GB");

const MOST_BYTES = 64;

/** Bytes that are no text: how many, and the first of them in hexadecimal. */
export function hexOf(base64: string): string {
  const bytes = atob(base64);
  const first = [...bytes.slice(0, MOST_BYTES)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
  return `${many(bytes.length)} bytes: ${first.join(" ")}${bytes.length > MOST_BYTES ? " …" : ""}`;
}
