/**
 * A body, file or object that cannot be decoded as a whole: the client's mistake (400) or the command's error (exit 1),
 * and nothing of it is stored.
 */
export class UndecodableError extends Error {
  override name = "UndecodableError";
  /** Where in the text it went wrong, where that is known: 1-based line, or a member's path. */
  readonly at: string | undefined;
  constructor(message: string, options: { at?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.at = options.at;
  }
}

/** More bytes than the reader was allowed to inflate or hold. */
export class TooLargeError extends Error {
  override name = "TooLargeError";
}
