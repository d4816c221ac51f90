import { DAY_S } from "../../time.ts";
/** Sums over the whole stream in one minute. A minute that CloudWatch says nothing of is not among them. */
export interface MinuteOfStream {
  /** Unix seconds of its beginning */
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
  /** The known minutes of the last `LOOKED_AT_S` seconds. */
  minutes: readonly MinuteOfStream[];
  /** Open shards now. */
  shards: number;
  bounds: { shards: number; maxShards: number };
  /** The last changes, the newest last. */
  history: readonly ShardChange[];
}

/** What one shard takes. */
const BYTES_S = 1024 * 1024;
const RECORDS_S = 1_000;
/** Kinesis takes ten changes of the count in 24 hours; so many are kept for growing. */
const CHANGES_A_DAY = 10;
const KEPT_FOR_GROWING = 2;

/** Above this use of the shards it is time for more, and to this use they are brought. */
const HIGH = 0.7;
const AIMED = 0.5;
/** Throttled below this use means one key that is hot: more shards would not help it. */
const HOT_KEY = 0.1;
/** Back to the look before, and further for metrics that come late. */
const GROWS_ON_S = 1_200;
/** Metrics of the time in which a change is carried out tell of the shards before it. */
const SETTLING_S = 180;

/** Shrinking is worth one of the day's changes when it leaves at most this part. */
const WORTH_IT = 0.75;
/** So long fewer shards must have been enough; each shrinking that was undone doubles it, to beyond a day and its night. */
const CALM_S = 2 * 3_600;
const MAX_CALM_S = 16 * CALM_S;
/** Growing so soon after a shrinking, counted in calms, undoes it. */
const UNDONE_WITHIN_CALMS = 8;
/** Of the minutes of a calm, those that must be known. */
const KNOWN = 0.8;

/** How far back the decision looks. */
export const LOOKED_AT_S = MAX_CALM_S;

/** Shards that a minute filled. */
const filled = ({ bytes, records }: MinuteOfStream): number => Math.max(bytes / 60 / BYTES_S, records / 60 / RECORDS_S);
const peak = (minutes: readonly MinuteOfStream[]): number =>
  minutes.reduce((most, one) => Math.max(most, filled(one)), 0);
const isThrottled = (minutes: readonly MinuteOfStream[]): boolean => minutes.some(({ throttled }) => throttled > 0);

/** How long a calm must last: longer after each shrinking that the load took back within hours. */
function calmOf(history: readonly ShardChange[]): number {
  let calm_s = CALM_S;
  history.forEach(({ at, from, to }, i) => {
    const next = history[i + 1];
    const isUndone =
      to < from && next !== undefined && next.to > next.from && next.at - at < UNDONE_WITHIN_CALMS * calm_s;
    if (isUndone) calm_s = Math.min(MAX_CALM_S, 2 * calm_s);
  });
  return calm_s;
}

/**
 * How many shards a stream should have: more at once when they fill or throttle, fewer after a long calm, within Kinesis's
 * limits: at most double, at least half, ten changes a day. The number it has when nothing is to be done.
 */
export function decideShards({ now_s, minutes, shards, bounds, history }: ScalingInput): number {
  const changes = history.filter(({ at }) => at > now_s - DAY_S).length;
  if (changes >= CHANGES_A_DAY) return shards;
  // bounds that were moved since
  if (shards < bounds.shards) return Math.min(bounds.shards, 2 * shards);
  if (shards > bounds.maxShards) return Math.max(bounds.maxShards, Math.ceil(shards / 2));
  const changed_s = history.at(-1)?.at ?? -Infinity;
  const last = (seconds: number) => minutes.filter(({ at }) => at >= Math.max(now_s - seconds, changed_s + SETTLING_S));
  const recent = last(GROWS_ON_S);
  const most = peak(recent);
  const isTight = isThrottled(recent) && most >= HOT_KEY * shards;
  if (isTight || most > HIGH * shards) {
    const wanted = Math.max(Math.ceil(most / AIMED), isTight ? 2 * shards : shards + 1);
    return Math.max(shards, Math.min(wanted, 2 * shards, bounds.maxShards));
  }
  const calm_s = calmOf(history);
  const calm = last(calm_s);
  const isCalm = now_s - changed_s >= calm_s && calm.length * 60 >= KNOWN * calm_s && !isThrottled(calm);
  if (!isCalm || changes >= CHANGES_A_DAY - KEPT_FOR_GROWING) return shards;
  const fewer = Math.max(Math.ceil(peak(calm) / AIMED), Math.ceil(shards / 2), bounds.shards);
  return fewer <= WORTH_IT * shards ? fewer : shards;
}

/** The stream that is scaled, and what is remembered of it. */
export interface ScaledStream {
  /** The known minutes since a Unix time. */
  minutes(since_s: number, now_s: number): Promise<readonly MinuteOfStream[]>;
  /** Open shards; null while a change is carried out. */
  shards(): Promise<number | null>;
  history(): Promise<readonly ShardChange[]>;
  /** Kinesis takes no tag while it carries out a change: it is written down before. */
  remember(history: readonly ShardChange[]): Promise<void>;
  /** Sets the number. False when another change is under way. */
  change(to: number): Promise<boolean>;
}

/** Looks once and changes the number of shards where it should. Null when nothing was to be done or could be. */
export async function scaleOnce(
  stream: ScaledStream,
  { now_s, bounds }: { now_s: number; bounds: ScalingInput["bounds"] },
): Promise<ShardChange | null> {
  const shards = await stream.shards();
  if (shards === null) return null;
  const [minutes, remembered] = await Promise.all([stream.minutes(now_s - LOOKED_AT_S, now_s), stream.history()]);
  const history = carriedOut(remembered, shards);
  const to = decideShards({ now_s, minutes, shards, bounds, history });
  if (to === shards) return null;
  const change = { at: now_s, from: shards, to };
  await stream.remember([...history, change]);
  return (await stream.change(to)) ? change : null;
}

/** Without a last change that was written down and then refused: the stream still has the shards that it had before. */
function carriedOut(history: readonly ShardChange[], shards: number): readonly ShardChange[] {
  const last = history.at(-1);
  return last !== undefined && last.from === shards && last.to !== shards ? history.slice(0, -1) : history;
}
