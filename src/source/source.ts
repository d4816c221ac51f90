/** What a source gave at one time: a body in any shape that the decoders read. */
export interface Poll {
  source: string;
  body: Uint8Array;
  /** Media type; `application/x-ndjson` means lines. */
  media_type: string;
}

export interface SourceStatus {
  name: string;
  /** `waiting` until the first answer, `stale` while the upstream fails, `ended` when polling is over. */
  state: "live" | "waiting" | "stale" | "ended";
  /** Unix s of the last data */
  last_data: number | null;
  message: string | null;
  simulated: boolean;
  /** Its rows are of another time than now. */
  recorded: boolean;
  attribution: string | null;
}

/** `polls` ends when its signal aborts; a source that is asked again starts anew. It never gives what nobody sent. */
export interface Source {
  readonly name: string;
  polls(signal: AbortSignal): AsyncIterable<Poll>;
  status(): SourceStatus;
}
