import type { Io } from "./command.ts";

const EVERY_MS = 1_000;

/** Shows progress on standard error if that is a terminal: one line, rewritten at most once a second. */
export function progress(io: Io): { say(text: string): void; end(): void } {
  let last = 0;
  let shown = false;
  return {
    say(text) {
      if (!io.isTerminal || Date.now() - last < EVERY_MS) return;
      last = Date.now();
      shown = true;
      io.err(`\r\u001b[K${text}`);
    },
    end() {
      if (shown) io.err("\r\u001b[K");
    },
  };
}

/** A count with thousands separators, such as 84,563. */
export const many = (count: number): string => count.toLocaleString("en-US");

/** Names with counts, as `a 1, b 2`. A dash if there are none. */
export const counts = (namedCounts: Record<string, number>): string =>
  Object.entries(namedCounts)
    .map(([name, count]) => `${name} ${many(count)}`)
    .join(", ") || "-";
