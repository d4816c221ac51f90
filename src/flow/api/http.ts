/**
 * A request: the part of an API Gateway REST proxy event that the API reads. The local server builds the same event, so
 * that one handler serves both.
 */
export interface ProxyEvent {
  httpMethod: string;
  /** Without the stage: `/states`. */
  path: string;
  headers: Record<string, string | undefined>;
  multiValueQueryStringParameters: Record<string, string[] | undefined> | null;
  body: string | null;
  isBase64Encoded: boolean;
  requestContext: {
    /** With the stage: `/v1/states`. */
    path: string;
  };
}

export interface ProxyResult {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** The client sent an invalid request. `detail` contains the part of the request, its value and the allowed values. */
export class BadRequestError extends Error {
  override name = "BadRequestError";
  readonly status: number;
  readonly detail: { code: string; path?: string; value?: unknown; allowed?: unknown };
  constructor(
    message: string,
    detail: { code: string; path?: string; value?: unknown; allowed?: unknown },
    status = 400,
  ) {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

export const json = (statusCode: number, body: unknown, headers: Record<string, string> = {}): ProxyResult => ({
  statusCode,
  headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  body: JSON.stringify(body),
});

/** A response for an error. All errors have this body. */
export const problem = (
  statusCode: number,
  error: { code: string; message: string; path?: string; value?: unknown; allowed?: unknown },
  headers: Record<string, string> = {},
): ProxyResult => json(statusCode, { error }, headers);

/** The value of a header. `name` is in lower case. Names of headers are compared without case. */
export function headerOf(event: ProxyEvent, name: string): string | undefined {
  const header = Object.entries(event.headers).find(([key]) => key.toLowerCase() === name);
  return header?.[1];
}
