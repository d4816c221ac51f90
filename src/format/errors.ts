/**
 * A body, file or object cannot be decoded as a whole, and none of it is stored. The API answers 400, a command exits
 * with 1.
 */
export class UndecodableError extends Error {
  override name = "UndecodableError";
  /** Position of the error in the text, if known: a line from 1, or a member's path. */
  readonly at: string | undefined;
  constructor(message: string, options: { at?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.at = options.at;
  }
}

/** A body, file or object exceeds a limit of bytes or rows. */
export class TooLargeError extends Error {
  override name = "TooLargeError";
}
