/** A key is not valid for an object. `ObjectStore` states which keys are. */
export class BadKeyError extends Error {
  override name = "BadKeyError";
}

/** A store or another service is down or overloaded. A retry after `retry_after_s` may help. */
export class UnavailableError extends Error {
  override name = "UnavailableError";
  /** Seconds. Default: 5. */
  readonly retry_after_s: number;
  constructor(message: string, options: { retry_after_s?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retry_after_s = options.retry_after_s ?? 5;
  }
}

/** A checkpoint was not saved, because another consumer has leased the shard since. */
export class LeaseLostError extends Error {
  override name = "LeaseLostError";
}

/** The database cannot answer a query, because it does not keep the order that the query needs. The API answers 400. */
export class NotAnsweredError extends Error {
  override name = "NotAnsweredError";
}

/** The schema of a database is newer than this program. */
export class NewerSchemaError extends Error {
  override name = "NewerSchemaError";
}

/** An Idempotency-Key was used again with a different request. The API answers 409. */
export class ConflictError extends Error {
  override name = "ConflictError";
}
