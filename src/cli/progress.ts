import type { Io } from "./command.ts";

const EVERY_MS = 1_000;

/** Progress of long work on standard error: a line that is rewritten on a terminal, one a second at most; none elsewhere. */
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

/** Counts with thin separators, as people read them. */
export const many = (count: number): string => count.toLocaleString("en-US");

/** Names with counts, `a 1, b 2`; a dash for none. */
export const counts = (of: Record<string, number>): string =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${many(count)}`)
    .join(", ") || "-";
