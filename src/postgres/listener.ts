import pg from "pg";

/** Waits for notifications on one channel. It has its own connection and reconnects after a break. */
export interface Listener {
  /**
   * Resolves at the next notification, after `ms`, or when the signal aborts. Resolves at once if a notification came while
   * no call was waiting.
   */
  next(ms: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const RECONNECT_MS = 1_000;

export interface NotificationHandlers {
  onNotification(payload: string): void;
  /** Called when listening starts, at first and after each reconnection. Notifications before it may be lost. */
  onListening(): void;
}

/** A broken connection is not an error: callers also poll, so that a lost notification only causes a delay. */
// oxlint-disable-next-line max-lines-per-function -- one state, and short functions that close over it
export function listener(connection: pg.ClientConfig, channel: string, handlers?: NotificationHandlers): Listener {
  const waiting = new Set<() => void>();
  let client: pg.Client | undefined;
  let isClosed = false;
  let isMissed = false;
  let timer: NodeJS.Timeout | undefined;

  const wakeAll = (): void => {
    isMissed = waiting.size === 0;
    for (const wake of waiting) wake();
  };
  const connect = async (): Promise<void> => {
    if (isClosed) return;
    const fresh = new pg.Client({ connectionTimeoutMillis: 5_000, keepAlive: true, ...connection });
    client = fresh;
    const again = (): void => {
      if (client !== fresh || isClosed) return;
      client = undefined;
      timer = setTimeout(() => void connect(), RECONNECT_MS);
    };
    fresh.on("error", again);
    fresh.on("end", again);
    fresh.on("notification", ({ payload }) => {
      handlers?.onNotification(payload ?? "");
      wakeAll();
    });
    try {
      await fresh.connect();
      await fresh.query(`listen ${channel}`);
      handlers?.onListening();
      wakeAll();
    } catch {
      again();
    }
  };
  const ready = connect();
  return {
    next: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done);
          clearTimeout(timeout);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const timeout = setTimeout(done, ms);
        waiting.add(done);
        signal.addEventListener("abort", done, { once: true });
        if (signal.aborted || isMissed) done();
        isMissed = false;
      }),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      wakeAll();
      await ready;
      await client?.end();
    },
  };
}
