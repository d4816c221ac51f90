/** The part of an API Gateway REST proxy event that the API reads; the local server builds the same. */
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

/** A client's mistake: which part of the request, what it was, and what is allowed. */
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

/** The body of every error. */
export const problem = (
  statusCode: number,
  error: { code: string; message: string; path?: string; value?: unknown; allowed?: unknown },
  headers: Record<string, string> = {},
): ProxyResult => json(statusCode, { error }, headers);

/** A header's value, whatever the case of its name. */
export function headerOf(event: ProxyEvent, name: string): string | undefined {
  const found = Object.entries(event.headers).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
}
