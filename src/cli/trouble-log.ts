import type { Io } from "./command.ts";

/** Logs errors as JSON lines. The same message appears at most once in ten seconds. */
export function troubleLog(io: Io): (error: unknown) => void {
  const logged = new Map<string, number>();
  return (error) => {
    const message =
      error instanceof Error
        ? `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ""}`
        : String(error);
    if (Date.now() - (logged.get(message) ?? 0) < 10_000) return;
    logged.set(message, Date.now());
    io.err(`${JSON.stringify({ time: new Date().toISOString(), level: "warn", message })}\n`);
  };
}
