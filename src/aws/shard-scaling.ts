/** Sums over the whole stream in one minute. */
export interface MinuteOfStream {
  /** Unix seconds */
  at: number;
  bytes: number;
  records: number;
  /** Records that Kinesis did not take for want of shards. */
  throttled: number;
}

export interface ShardChange {
  /** Unix seconds */
  at: number;
  from: number;
  to: number;
}

export interface ScalingInput {
  now_s: number;
  /** The last minutes, the newest last. */
  minutes: readonly MinuteOfStream[];
  /** Open shards now. */
  shards: number;
  bounds: { shards: number; maxShards: number };
  /** Changes of the last day. */
  history: readonly ShardChange[];
}

/** What one shard takes. */
const BYTES_S = 1024 * 1024;
const RECORDS_S = 1_000;
/** Kinesis takes ten changes of the count in 24 hours. */
const CHANGES_A_DAY = 10;
const DAY_S = 86_400;
/** Above this use of a shard it is time for more, and to this use they are brought. */
const HIGH = 0.7;
const AIMED = 0.5;
const OUT_MINUTES = 2;
const IN_MINUTES = 30;
/** Growing must stay possible: shrinking takes at most this part of the day's changes. */
const INS_A_DAY = 5;
/** Shrinking is worth one of the day's changes when it leaves at most this part. */
const WORTH_IT = 0.75;
const AFTER_OUT_S = 120;
const AFTER_CHANGE_IN_S = IN_MINUTES * 60;

/** Shards that a minute filled. */
const filled = ({ bytes, records }: MinuteOfStream): number => Math.max(bytes / 60 / BYTES_S, records / 60 / RECORDS_S);
const peak = (minutes: readonly MinuteOfStream[]): number => Math.max(0, ...minutes.map(filled));

/**
 * How many shards a stream should have: more at once when they fill or throttle, fewer only after half an hour of little,
 * within Kinesis's limits: at most double, at least half, ten changes a day. The number it has when nothing is to be done.
 */
export function decideShards({ now_s, minutes, shards, bounds, history }: ScalingInput): number {
  const today = history.filter(({ at }) => at > now_s - DAY_S);
  if (today.length >= CHANGES_A_DAY) return shards;
  const since_s = now_s - Math.max(-Infinity, ...today.map(({ at }) => at));
  const last = minutes.slice(-OUT_MINUTES);
  const isThrottled = last.some(({ throttled }) => throttled > 0);
  if (isThrottled || peak(last) > HIGH * shards) {
    const wanted = Math.max(Math.ceil(peak(last) / AIMED), isThrottled ? 2 * shards : shards + 1);
    return since_s < AFTER_OUT_S ? shards : Math.max(shards, Math.min(wanted, 2 * shards, bounds.maxShards));
  }
  const ins = today.filter(({ from, to }) => to < from).length;
  const isQuiet = minutes.length >= IN_MINUTES && since_s >= AFTER_CHANGE_IN_S && ins < INS_A_DAY;
  if (!isQuiet) return shards;
  const enough = Math.ceil(peak(minutes.slice(-IN_MINUTES)) / AIMED);
  const fewer = Math.max(enough, Math.ceil(shards / 2), bounds.shards);
  return fewer <= WORTH_IT * shards ? fewer : shards;
}

/** The stream that is scaled, and what is remembered of it. */
export interface ScaledStream {
  minutes(now_s: number): Promise<readonly MinuteOfStream[]>;
  shards(): Promise<number>;
  history(): Promise<readonly ShardChange[]>;
  /** Writes down the changes, then the stream is told: a change that was not written down would not be counted. */
  change(to: number, history: readonly ShardChange[]): Promise<void>;
}

/** Looks once and changes the number of shards where it should. Null when nothing was to be done. */
export async function scaleOnce(
  stream: ScaledStream,
  { now_s, bounds }: { now_s: number; bounds: ScalingInput["bounds"] },
): Promise<ShardChange | null> {
  const [minutes, shards, history] = await Promise.all([stream.minutes(now_s), stream.shards(), stream.history()]);
  const to = decideShards({ now_s, minutes, shards, bounds, history });
  if (to === shards) return null;
  const change = { at: now_s, from: shards, to };
  await stream.change(to, [...history.filter(({ at }) => at > now_s - DAY_S), change]);
  return change;
}
