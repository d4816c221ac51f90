import { handleApi } from "../../flow/api/api.ts";
import type { ProxyEvent, ProxyResult } from "../../flow/api/http.ts";
import { lambdaAdapters } from "../adapters/lambda-adapters.ts";
import { logError } from "../metrics.ts";

/**
 * API Gateway waits 29 s. Connecting and querying, each with this timeout, end before that. A database that resumes more slowly
 * causes a 503 with a reason instead of a 504.
 */
const TIMEOUT_MS = 14_000;
const adapters = await lambdaAdapters(process.env, { timeout_ms: TIMEOUT_MS });

/** Handles all requests of the REST API. The bucket notifies the queue, so the handler needs no queue. */
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
