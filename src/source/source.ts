/**
 * A source is one origin of flight data: a live service, the simulator, or recorded files. It gives data as
 * polls, or as rows for recorded files, and a status for the page.
 *
 * A poll is one response of a source at one time: a body in any shape that the decoders read. A source passes the body
 * on unchanged. The cleaner decides which of its rows are valid.
 */
export interface Poll {
  source: string;
  body: Uint8Array;
  /** Media type; `application/x-ndjson` means lines. */
  media_type: string;
}

export interface SourceStatus {
  name: string;
  /** `waiting` until the first data, `stale` while the upstream fails, `ended` after the last poll. */
  state: "live" | "waiting" | "stale" | "ended";
  /** Unix s of the last data */
  last_data: number | null;
  message: string | null;
  simulated: boolean;
  /** The rows are from the past, so their times are not near the present. */
  recorded: boolean;
  /** The credit that the data's license requires wherever the data is shown. */
  attribution: string | null;
}

/**
 * Invariant: a source gives only data that its upstream sent. It never fills a gap.
 * `polls` ends when its signal aborts. A second call of `polls` starts from the beginning.
 */
export interface Source {
  readonly name: string;
  polls(signal: AbortSignal): AsyncIterable<Poll>;
  status(): SourceStatus;
}
