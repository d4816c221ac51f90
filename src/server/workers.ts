import type { FlowReport } from "../flow/ledger/reconcile.ts";
import type { Ledger, Reader } from "../flow/ports.ts";
import { MAX_AGE_S, type StoredRow } from "../flow/queries.ts";
import { loadAnnounced, sweep } from "../flow/request/load.ts";
import { consume } from "../flow/stream/consume.ts";
import { inParallel } from "../in-parallel.ts";
import { CHANNELS } from "../postgres/channels.ts";
import { listener } from "../postgres/listener.ts";
import { backoff, pause } from "../retry.ts";
import type { Adapters } from "./adapters.ts";
import type { LiveFeed } from "./live-feed.ts";
import { removeExpired, type RetentionPorts } from "./retention-job.ts";
import { wireBatch } from "./wire.ts";

/** The background jobs of the server. They run until the signal aborts. */
export interface Workers {
  /** The last count of both flows. With `fresh`, the result of a new count. */
  flows(fresh: boolean): Promise<FlowReport[]>;
  /** Resolves when every job has ended. A job finishes its current work first. */
  ended: Promise<unknown>;
}

export interface WorkerOptions {
  signal: AbortSignal;
  live: LiveFeed;
  retention_days: number;
  /** The retention also applies to rows in databases outside the data folder. */
  expires_external_rows: boolean;
  /** Runs only the jobs that count and display. They change nothing in the stores. */
  read_only: boolean;
  onTrouble(error: unknown): void;
}

const SWEEP_MS = 30_000;
const RETENTION_MS = 3_600_000;
const TICK_MS = 1_000;
/** Reload interval where the database announces batches. It finds rows whose notification was lost with the connection. */
const RELOAD_MS = 60_000;
/** Reload interval where the database does not announce batches. */
const UNANNOUNCED_RELOAD_MS = 5_000;
/** The counter is busy for at most about this share of the time. */
const COUNTING_SHARE = 0.05;
const MAX_AIRCRAFT = 1_000_000;

/**
 * Starts loader, consumer, sweep, retention job, flow counter and the feed of the page. A job that fails reports the error
 * to `onTrouble` and starts again after a back-off.
 */
export function startWorkers(adapters: Adapters, options: WorkerOptions): Workers {
  const counter = serialCounter(adapters);
  const { reader } = adapters;
  const jobs = [
    ...(options.read_only ? [] : startWriters(adapters, options)),
    runUntilAborted(options, () => countRepeatedly(counter, options)),
    ...(reader === null ? [] : [runUntilAborted(options, () => followAircraft({ ...adapters, reader }, options))]),
  ];
  return {
    flows: (fresh) => (fresh ? counter.countAgain() : counter.latest()),
    ended: Promise.all(jobs),
  };
}

/** The jobs that change the stores. */
function startWriters(adapters: Adapters, options: WorkerOptions): Promise<void>[] {
  const { signal, onTrouble } = options;
  const known = new Set<string>();
  const onBroken = (id: string, error: unknown) => onTrouble(new Error(`${id} cannot be loaded`, { cause: error }));
  return [
    runUntilAborted(options, () =>
      adapters.queue.consume((key) => loadAnnounced(key, adapters), { signal, concurrency: 2 }),
    ),
    runUntilAborted(options, () =>
      consume({ ...adapters, source: adapters.config.source, lake: adapters.config.lake }, { signal, onTrouble }),
    ),
    runAtIntervals(SWEEP_MS, options, () => sweep(adapters, { known, onBroken })),
    runAtIntervals(RETENTION_MS, options, () =>
      removeExpired(retentionPorts(adapters, options), {
        retention_days: options.retention_days,
        now_s: Date.now() / 1000,
      }),
    ),
  ];
}

/**
 * The stores that the retention job cleans: those of the data folder, and on request the rows of other databases. It never
 * cleans a bucket, because a bucket has lifecycle rules of its own.
 */
function retentionPorts(adapters: Adapters, { expires_external_rows }: WorkerOptions): RetentionPorts {
  const { objects, postgres, databases } = adapters.config;
  const isEmbedded = postgres === undefined && databases.every(({ kind }) => kind === "postgres");
  return {
    pool: localStreamPool(adapters),
    objects: objects.kind === "file" ? adapters.objects : undefined,
    database: expires_external_rows || isEmbedded ? adapters : undefined,
    stream: adapters.stream,
  };
}

/** The pool of the table of the local stream. Undefined if the stream is on Kinesis. */
const localStreamPool = ({ config, postgres }: Adapters) =>
  config.stream.kind === "postgres" ? postgres?.pool : undefined;

/** Runs `work` again and again until the signal aborts. Reports a failure and waits for a back-off after it. */
async function runUntilAborted({ signal, onTrouble }: WorkerOptions, work: () => Promise<unknown>): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await work();
    } catch (error) {
      onTrouble(error);
      await pause(backoff(failures), signal);
    }
  }
}

const runAtIntervals = (ms: number, options: WorkerOptions, work: () => Promise<unknown>): Promise<void> =>
  runUntilAborted(options, async () => {
    await work();
    await pause(ms, options.signal);
  });

/** Runs one count at a time. A request for a new count during a count gets the result of the next one. */
function serialCounter({ counter }: Adapters) {
  let last: FlowReport[] | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const countAgain = (): Promise<FlowReport[]> => {
    const next = tail.then(() => counter.count());
    tail = next.catch(() => {});
    return next.then((reports) => (last = reports));
  };
  return { countAgain, latest: async () => last ?? countAgain() };
}

/**
 * Counts until the signal aborts. The fastest of the last three counts sets the pause, so that a single slow count, such as
 * a cold start, does not slow down the next ones.
 */
async function countRepeatedly(
  { countAgain }: ReturnType<typeof serialCounter>,
  { live, signal }: WorkerOptions,
): Promise<void> {
  for (let durations = [0, 0]; !signal.aborted; durations = durations.slice(-2)) {
    const start = performance.now();
    live.setFlows(await countAgain());
    durations.push(performance.now() - start);
    await pause(Math.max(TICK_MS, Math.min(...durations) / COUNTING_SHARE), signal);
  }
}

const MAX_LEDGER_READS = 4;

/** Adds to the feed the ledger rows of the batches that `rows` name, except those that the feed has already. */
async function addBatches(
  rows: readonly StoredRow[],
  { ledger, live }: { ledger: Ledger; live: LiveFeed },
): Promise<void> {
  const unknown = new Map<string, number>();
  for (const { batch_id, received_at } of rows)
    if (!live.hasBatch(String(batch_id))) unknown.set(String(batch_id), Number(received_at));
  await inParallel([...unknown], MAX_LEDGER_READS, async ([id, received_at]) => {
    // a database may write its ledger after the rows: a later call finds the row that is missing now
    const row = await ledger.batch({ id, received_at });
    if (row !== null) live.addBatch(wireBatch(row, received_at));
  });
}

/**
 * The rows whose last contact is at most MAX_AGE_S before the newest contact of all aircraft. The view of a past time has
 * the same limit.
 */
function currentRows(rows: readonly StoredRow[]): StoredRow[] {
  const newest = rows.reduce((max, { last_contact }) => Math.max(max, Number(last_contact)), 0);
  return rows.filter(({ last_contact }) => Number(last_contact) >= newest - MAX_AGE_S);
}

/** Keeps the feed's aircraft current: by a reload of all rows at intervals, and by the announced batches in between. */
async function followAircraft(
  { ledger, reader, postgres, config }: Adapters & { reader: Reader },
  { live, signal }: WorkerOptions,
): Promise<void> {
  let announced: string[] = [];
  let reloaded = -Infinity;
  const hasNotifications = config.databases[0]?.kind === "postgres" && postgres !== undefined;
  const applied = hasNotifications
    ? listener(postgres.connection, CHANNELS.applied, {
        onNotification: (batch_id) => void announced.push(batch_id),
        onListening: () => void (reloaded = -Infinity),
      })
    : undefined;
  const reload_ms = hasNotifications ? RELOAD_MS : UNANNOUNCED_RELOAD_MS;
  try {
    for (; !signal.aborted; await pause(TICK_MS, signal)) {
      if (performance.now() - reloaded > reload_ms) {
        reloaded = performance.now();
        announced = [];
        const all = currentRows(await reader.aircraft({ limit: MAX_AIRCRAFT }));
        live.replace(all);
        await addBatches(all, { ledger, live });
      } else if (announced.length > 0) {
        const batch_ids = announced;
        announced = [];
        const changed = await reader.aircraft({ batch_ids, limit: MAX_AIRCRAFT });
        await addBatches(changed, { ledger, live });
        live.update(changed);
      }
    }
  } finally {
    await applied?.close();
  }
}
