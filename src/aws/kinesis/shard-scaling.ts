import { DAY_S } from "../../time.ts";

/** Sums over the whole stream in one minute. Minutes without data in CloudWatch are left out: they are unknown, not idle. */
export interface MinuteOfStream {
  /** Unix seconds of the minute's start. */
  at: number;
  bytes: number;
  records: number;
  /** Records that Kinesis refused because the shards were full. */
  throttled: number;
}

export interface ShardChange {
  /** Unix seconds. */
  at: number;
  from: number;
  to: number;
}

export interface ScalingInput {
  now_s: number;
  /** The known minutes of the last `LOOKBACK_S` seconds. */
  minutes: readonly MinuteOfStream[];
  /** Open shards now. */
  shards: number;
  bounds: { shards: number; maxShards: number };
  /** The last changes, oldest first. */
  history: readonly ShardChange[];
}

/** The capacity of one shard. */
const SHARD_BYTES_S = 1024 * 1024;
const SHARD_RECORDS_S = 1_000;
/** Kinesis allows ten changes of the shard count in 24 hours. Two of them are reserved for growing. */
const MAX_CHANGES_PER_DAY = 10;
const RESERVED_FOR_GROWING = 2;

/** The stream grows when its use exceeds this share of the shards. */
const GROW_ABOVE = 0.7;
/** After a change, the shards are to be used to this share. */
const TARGET_USE = 0.5;
/** Throttling below this use means one hot partition key. More shards would not help. */
const HOT_KEY_BELOW = 0.1;
/** Growing looks back over several runs of the scaler, because metrics appear late. */
const GROW_LOOKBACK_S = 1_200;
/** Metrics of the first minutes after a change still describe the shards before it. */
const SETTLING_S = 180;

/** A shrink must leave at most this share of the shards. A smaller shrink is not worth one of the day's changes. */
const MAX_SHRINK_RATIO = 0.75;
/** The calm period: the time for which fewer shards must have been enough. Each reverted shrink doubles it. */
const CALM_S = 2 * 3_600;
/** Longer than a day and its night. */
const MAX_CALM_S = 16 * CALM_S;
/** Growth within this many calm periods after a shrink reverts the shrink. */
const REVERTED_WITHIN_CALMS = 8;
/** The share of a calm period's minutes that must be known. */
const MIN_KNOWN_SHARE = 0.8;

/** The time that a decision looks back, in seconds. */
export const LOOKBACK_S = MAX_CALM_S;

/** The number of shards that a minute's load fills. */
const filledShards = ({ bytes, records }: MinuteOfStream): number =>
  Math.max(bytes / 60 / SHARD_BYTES_S, records / 60 / SHARD_RECORDS_S);
const peak = (minutes: readonly MinuteOfStream[]): number =>
  minutes.reduce((max, minute) => Math.max(max, filledShards(minute)), 0);
const isThrottled = (minutes: readonly MinuteOfStream[]): boolean => minutes.some(({ throttled }) => throttled > 0);

/** The calm period that a shrink requires, in seconds. It doubles after each shrink that the load reverted within hours. */
function calmPeriod(history: readonly ShardChange[]): number {
  let calm_s = CALM_S;
  history.forEach(({ at, from, to }, i) => {
    const next = history[i + 1];
    const isReverted =
      to < from && next !== undefined && next.to > next.from && next.at - at < REVERTED_WITHIN_CALMS * calm_s;
    if (isReverted) calm_s = Math.min(MAX_CALM_S, 2 * calm_s);
  });
  return calm_s;
}

/**
 * The number of shards that a stream should have, or its current number when no change is needed. The stream grows at once
 * when its shards fill or throttle, and shrinks after a calm period. A change stays within Kinesis's limits: at most double,
 * at least half, ten changes a day.
 */
export function decideShards({ now_s, minutes, shards, bounds, history }: ScalingInput): number {
  const changes = history.filter(({ at }) => at > now_s - DAY_S).length;
  if (changes >= MAX_CHANGES_PER_DAY) return shards;
  // a later deployment may have moved the bounds
  if (shards < bounds.shards) return Math.min(bounds.shards, 2 * shards);
  if (shards > bounds.maxShards) return Math.max(bounds.maxShards, Math.ceil(shards / 2));
  const changed_s = history.at(-1)?.at ?? -Infinity;
  const last = (seconds: number) => minutes.filter(({ at }) => at >= Math.max(now_s - seconds, changed_s + SETTLING_S));
  const recent = last(GROW_LOOKBACK_S);
  const used = peak(recent);
  const isTight = isThrottled(recent) && used >= HOT_KEY_BELOW * shards;
  if (isTight || used > GROW_ABOVE * shards) {
    const needed = Math.max(Math.ceil(used / TARGET_USE), isTight ? 2 * shards : shards + 1);
    return Math.max(shards, Math.min(needed, 2 * shards, bounds.maxShards));
  }
  const calm_s = calmPeriod(history);
  const calm = last(calm_s);
  const isCalm = now_s - changed_s >= calm_s && calm.length * 60 >= MIN_KNOWN_SHARE * calm_s && !isThrottled(calm);
  if (!isCalm || changes >= MAX_CHANGES_PER_DAY - RESERVED_FOR_GROWING) return shards;
  const fewer = Math.max(Math.ceil(peak(calm) / TARGET_USE), Math.ceil(shards / 2), bounds.shards);
  return fewer <= MAX_SHRINK_RATIO * shards ? fewer : shards;
}

/** A stream whose shards can be counted and changed, with its metrics and its last changes. */
export interface ScaledStream {
  /** The known minutes between two Unix times. */
  minutes(since_s: number, now_s: number): Promise<readonly MinuteOfStream[]>;
  /** Open shards, or null while a change is in progress. */
  shards(): Promise<number | null>;
  history(): Promise<readonly ShardChange[]>;
  /** Saves the last changes. Kinesis refuses tags during a change, so this comes before the change. */
  saveHistory(history: readonly ShardChange[]): Promise<void>;
  /** Sets the number of shards. False when another change is in progress. */
  setShards(count: number): Promise<boolean>;
}

/** Decides once and changes the number of shards. Null when no change is needed, or while one is in progress. */
export async function scaleOnce(
  stream: ScaledStream,
  { now_s, bounds }: { now_s: number; bounds: ScalingInput["bounds"] },
): Promise<ShardChange | null> {
  const shards = await stream.shards();
  if (shards === null) return null;
  const [minutes, saved] = await Promise.all([stream.minutes(now_s - LOOKBACK_S, now_s), stream.history()]);
  const history = withoutRefusedChange(saved, shards);
  const to = decideShards({ now_s, minutes, shards, bounds, history });
  if (to === shards) return null;
  const change = { at: now_s, from: shards, to };
  await stream.saveHistory([...history, change]);
  return (await stream.setShards(to)) ? change : null;
}

/** Drops a last change that was saved but then refused. The stream still has the number of shards from before it. */
function withoutRefusedChange(history: readonly ShardChange[], shards: number): readonly ShardChange[] {
  const last = history.at(-1);
  return last !== undefined && last.from === shards && last.to !== shards ? history.slice(0, -1) : history;
}
