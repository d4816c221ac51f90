import { handleApi } from "../../flow/api/api.ts";
import type { ProxyEvent, ProxyResult } from "../../flow/api/http.ts";
import { lambdaAdapters } from "../adapters/lambda-adapters.ts";
import { logError } from "../metrics.ts";

/** Twice within the 29 s that API Gateway waits: a database that sleeps longer is a 503 that says so, and not a 504. */
const TIMEOUT_MS = 14_000;
const adapters = await lambdaAdapters(process.env, { timeout_ms: TIMEOUT_MS });

/** Every resource of the REST API. The bucket notifies the queue, so none is filled here. */
export const handler = (event: ProxyEvent): Promise<ProxyResult> =>
  handleApi(
    {
      ...adapters,
      flows: () => adapters.counter.count(),
      now_s: () => Date.now() / 1000,
      onError: (error) => logError("a request failed", error),
    },
    event,
  );
