/** A key that no object may have: see the law of `ObjectStore`. */
export class BadKeyError extends Error {
  override name = "BadKeyError";
}

/** A part of the world is down or full; trying again later may help. Carries how long to wait. */
export class UnavailableError extends Error {
  override name = "UnavailableError";
  readonly retry_after_s: number;
  constructor(message: string, options: { retry_after_s?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retry_after_s = options.retry_after_s ?? 5;
  }
}

/** A checkpoint was saved under a lease that another holder has taken since. */
export class LeaseLostError extends Error {
  override name = "LeaseLostError";
}

/** A question that this database keeps no order for: a 400 that says which it answers. */
export class NotAnsweredError extends Error {
  override name = "NotAnsweredError";
}

/** The schema of a database is newer than this program. */
export class NewerSchemaError extends Error {
  override name = "NewerSchemaError";
}

/** The same Idempotency-Key with another request: a 409. */
export class ConflictError extends Error {
  override name = "ConflictError";
}
