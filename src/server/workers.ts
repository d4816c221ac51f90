import { consume } from "../flow/stream/consume.ts";
import type { FlowReport } from "../flow/ledger/reconcile.ts";
import { loadAnnounced, sweep } from "../flow/request/load.ts";
import { inParallel } from "../in-parallel.ts";
import type { Ledger, Reader } from "../flow/ports.ts";
import { MAX_AGE_S, type StoredRow } from "../flow/queries.ts";
import { backoff, pause } from "../retry.ts";
import { removeExpired, type RetentionPorts } from "./retention-job.ts";
import type { LiveFeed } from "./live-feed.ts";
import { wireBatch } from "./wire.ts";
import { listener } from "../postgres/listener.ts";
import { APPLIED_CHANNEL } from "../postgres/database.ts";
import type { Adapters } from "./adapters.ts";

/** What runs behind the server until the signal aborts. */
export interface Workers {
  /** The last count, or a new one. */
  flows(fresh: boolean): Promise<FlowReport[]>;
  /** Resolves when all of it has ended, the work under way finished. */
  ended: Promise<unknown>;
}

export interface WorkerOptions {
  signal: AbortSignal;
  live: LiveFeed;
  retention_days: number;
  /** A retention was given, so it holds for rows elsewhere too. */
  retention_given: boolean;
  /** Counts and shows what others bring in, and changes nothing. */
  read_only: boolean;
  onTrouble(error: unknown): void;
}

const SWEEP_MS = 30_000;
const KEEP_MS = 3_600_000;
const TICK_MS = 1_000;
/** Rows that changed without a word, after a broken connection say. */
const RELOAD_MS = 60_000;
/** Where the database tells nothing of what it applied. */
const UNTOLD_RELOAD_MS = 5_000;
/** Counting takes about this part of the time at most. */
const COUNTING_SHARE = 0.05;
const MAX_AIRCRAFT = 1_000_000;

/** Starts loader, sweep, consumer, counter, keeper and the page's feed; each goes on after a failure, which is told. */
export function startWorkers(adapters: Adapters, options: WorkerOptions): Workers {
  const counting = counter(adapters);
  const { reader } = adapters;
  const jobs = [
    ...(options.read_only ? [] : working(adapters, options)),
    forever(options, () => count(counting, options)),
    ...(reader === null ? [] : [forever(options, () => follow({ ...adapters, reader }, options))]),
  ];
  return {
    flows: (fresh) => (fresh ? counting.anew() : counting.latest()),
    ended: Promise.all(jobs),
  };
}

/** What changes the stores. */
function working(adapters: Adapters, options: WorkerOptions): Promise<void>[] {
  const { signal, onTrouble } = options;
  const known = new Set<string>();
  const onPoison = (id: string, error: unknown) => onTrouble(new Error(`${id} cannot be loaded`, { cause: error }));
  return [
    forever(options, () => adapters.queue.consume((key) => loadAnnounced(key, adapters), { signal, concurrency: 2 })),
    forever(options, () =>
      consume({ ...adapters, source: adapters.config.source, lake: adapters.config.lake }, { signal, onTrouble }),
    ),
    every(SWEEP_MS, options, () => sweep(adapters, { known, onPoison })),
    every(KEEP_MS, options, () =>
      removeExpired(keptHere(adapters, options), { retention_days: options.retention_days, now_s: Date.now() / 1000 }),
    ),
  ];
}

/** What is removed in time: what lies on this machine, and rows elsewhere where we were told. A bucket has rules of its own. */
function keptHere(adapters: Adapters, { retention_given }: WorkerOptions): RetentionPorts {
  const { objects, postgres, databases } = adapters.config;
  const isEmbedded = postgres === undefined && databases.every(({ kind }) => kind === "postgres");
  return {
    pool: localStreamPool(adapters),
    objects: objects.kind === "file" ? adapters.objects : undefined,
    database: retention_given || isEmbedded ? adapters : undefined,
    stream: adapters.stream,
  };
}

/** The pool of the local stream's table; undefined where the stream lies elsewhere. */
const localStreamPool = ({ config, postgres }: Adapters) =>
  config.stream.kind === "postgres" ? postgres?.pool : undefined;

/** Runs work again when it fails, after a back-off, until the signal aborts. */
async function forever({ signal, onTrouble }: WorkerOptions, work: () => Promise<unknown>): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await work();
    } catch (error) {
      onTrouble(error);
      await pause(backoff(failures), signal);
    }
  }
}

const every = (ms: number, options: WorkerOptions, work: () => Promise<unknown>): Promise<void> =>
  forever(options, async () => {
    await work();
    await pause(ms, options.signal);
  });

/** One count at a time; who asks for a new one while it runs waits for the next. */
function counter({ counter: flows }: Adapters) {
  let last: FlowReport[] | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const anew = (): Promise<FlowReport[]> => {
    const next = tail.then(() => flows.count());
    tail = next.catch(() => {});
    return next.then((reports) => (last = reports));
  };
  return { anew, latest: async () => last ?? anew() };
}

/** The quickest of three counts says when the next one may be: what made one slow, a cold start say, is no rule. */
async function count({ anew }: ReturnType<typeof counter>, { live, signal }: WorkerOptions): Promise<void> {
  for (let took = [0, 0]; !signal.aborted; took = took.slice(-2)) {
    const begun = performance.now();
    live.setFlows(await anew());
    took.push(performance.now() - begun);
    await pause(Math.max(TICK_MS, Math.min(...took) / COUNTING_SHARE), signal);
  }
}

const LEDGER_READS_AT_ONCE = 4;

/** Tells the ledger rows of batches that these rows name and that were not told before. */
async function tellBatches(
  rows: readonly StoredRow[],
  { ledger, live }: { ledger: Ledger; live: LiveFeed },
): Promise<void> {
  const unknown = new Map<string, number>();
  for (const { batch_id, received_at } of rows)
    if (!live.hasBatch(String(batch_id))) unknown.set(String(batch_id), Number(received_at));
  await inParallel([...unknown], LEDGER_READS_AT_ONCE, async ([id, received_at]) => {
    // where the ledger is written last it may not be there yet: then the next look finds it
    const row = await ledger.batch({ id, received_at });
    if (row !== null) live.takeBatch(wireBatch(row, received_at));
  });
}

/** Who said nothing for so long before the newest contact of all is shown no more, as in the past. */
function stillHeard(rows: readonly StoredRow[]): StoredRow[] {
  const newest = rows.reduce((most, { last_contact }) => Math.max(most, Number(last_contact)), 0);
  return rows.filter(({ last_contact }) => Number(last_contact) >= newest - MAX_AGE_S);
}

/** Keeps the page's aircraft: all of them at first and now and then, in between those of the batches that were announced. */
async function follow(
  { ledger, reader, postgres, config }: Adapters & { reader: Reader },
  { live, signal }: WorkerOptions,
): Promise<void> {
  let batches: string[] = [];
  let reloaded = -Infinity;
  const tells = config.databases[0]?.kind === "postgres" && postgres !== undefined;
  const applied = tells
    ? listener(postgres.connection, APPLIED_CHANNEL, {
        message: (batch_id) => void batches.push(batch_id),
        listening: () => void (reloaded = -Infinity),
      })
    : undefined;
  const reload_ms = tells ? RELOAD_MS : UNTOLD_RELOAD_MS;
  try {
    for (; !signal.aborted; await pause(TICK_MS, signal)) {
      if (performance.now() - reloaded > reload_ms) {
        reloaded = performance.now();
        batches = [];
        const all = stillHeard(await reader.aircraft({ limit: MAX_AIRCRAFT }));
        live.replace(all);
        await tellBatches(all, { ledger, live });
      } else if (batches.length > 0) {
        const batch_ids = batches;
        batches = [];
        const changed = await reader.aircraft({ batch_ids, limit: MAX_AIRCRAFT });
        await tellBatches(changed, { ledger, live });
        live.update(changed);
      }
    }
  } finally {
    await applied?.close();
  }
}
