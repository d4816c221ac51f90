import pg from "pg";
import { UnavailableError } from "../flow/errors.ts";

/** Deadlock and serialisation failure: the transaction did nothing and may be tried again at once. */
const RETRIED = new Set(["40P01", "40001"]);
const TRIES = 5;
/** A connection into a black hole answers nothing, ever; what takes longer than this is given up. */
const TIMEOUT_MS = 60_000;

/** Makes a pool whose idle connections may break without ending the process. */
export function newPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ connectionTimeoutMillis: 5_000, query_timeout: TIMEOUT_MS, keepAlive: true, ...config });
  // 57P01 at a shutdown of the server would otherwise end this process; the next query meets the same state and says so
  pool.on("error", () => {});
  return pool;
}

/**
 * Runs `work` in one transaction, again after a deadlock. Throws `UnavailableError` when the server cannot be reached or
 * does not answer within a minute; any other error as it is.
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  begin = "begin",
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once(pool, work, begin);
    } catch (error) {
      if (tries < TRIES && error instanceof pg.DatabaseError && RETRIED.has(error.code ?? "")) continue;
      throw translated(error);
    }
  }
}

async function once<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>, begin: string): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on("error", onError);
  const timer = setTimeout(() => {
    broken = new UnavailableError("PostgreSQL did not answer within a minute");
    (client as unknown as { connection: { stream: { destroy(error: Error): void } } }).connection.stream.destroy(
      broken,
    );
  }, TIMEOUT_MS);
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    if (error instanceof pg.DatabaseError && broken === undefined) await client.query("rollback").catch(onError);
    else broken ??= error as Error;
    throw error;
  } finally {
    clearTimeout(timer);
    client.off("error", onError);
    client.release(broken);
  }
}

/** One statement outside a transaction, its errors translated. */
export async function query<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  try {
    return (await pool.query<R>(text, values as unknown[])).rows;
  } catch (error) {
    throw translated(error);
  }
}

/**
 * Class 08 connection, 53 resources, 57 operator intervention; and plain errors, which is what the client and the socket
 * throw. An error with a name of its own came from `work` and passes.
 */
function translated(error: unknown): unknown {
  if (error instanceof pg.DatabaseError && !/^(08|53|57P)/.test(error.code ?? "")) return error;
  const isConnection = error instanceof Error && ["Error", "error", "AggregateError"].includes(error.name);
  if (!isConnection) return error;
  return new UnavailableError(`PostgreSQL is not available: ${error.message}`, { cause: error });
}
