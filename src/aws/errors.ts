import { UnavailableError } from "../flow/errors.ts";

interface ServiceError extends Error {
  $metadata?: { httpStatusCode?: number };
  $retryable?: { throttling?: boolean };
}

const THROTTLED = /Throttl|TooManyRequests|ProvisionedThroughputExceeded|LimitExceeded|SlowDown|RequestLimit/;
const NETWORK = /^(TimeoutError|RequestTimeout|NetworkingError|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|UND_ERR)/;

/** A service that throttles, fails or cannot be reached may be there later; any other error passes as it is. */
export async function available<T>(service: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Error && isPassing(cause))
      throw new UnavailableError(`${service} is not available: ${cause.name} ${cause.message}`, { cause });
    throw cause;
  }
}

function isPassing(error: ServiceError): boolean {
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
