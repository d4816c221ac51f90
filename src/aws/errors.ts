import { UnavailableError } from "../flow/errors.ts";

interface ServiceError extends Error {
  $metadata?: { httpStatusCode?: number };
  $retryable?: { throttling?: boolean };
}

const THROTTLED = /Throttl|TooManyRequests|ProvisionedThroughputExceeded|LimitExceeded|SlowDown|RequestLimit/;
const NETWORK = /^(TimeoutError|RequestTimeout|NetworkingError|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|UND_ERR)/;

/**
 * Calls an AWS service. Throws `UnavailableError` when the service throttles, fails or cannot be reached, because a later call
 * may succeed. Other errors pass unchanged.
 */
export async function callService<T>(service: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Error && isTransient(cause))
      throw new UnavailableError(`${service} is not available: ${cause.name} ${cause.message}`, { cause });
    throw cause;
  }
}

function isTransient(error: ServiceError): boolean {
  const { code = "" } = error as { code?: string };
  const status = error.$metadata?.httpStatusCode ?? 0;
  return (
    status >= 500 ||
    status === 429 ||
    error.$retryable?.throttling === true ||
    THROTTLED.test(error.name) ||
    NETWORK.test(error.name) ||
    NETWORK.test(code)
  );
}
