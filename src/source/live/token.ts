import { readJson, request, UpstreamError, type RequestOptions } from "./request.ts";

/** OAuth2 client credentials, with the member names of OpenSky's credentials file. */
export interface Credentials {
  clientId: string;
  clientSecret: string;
}

interface TokenOptions {
  tokenUrl: URL;
  credentials: Credentials;
  /** Unix s */
  now: () => number;
  requestOptions: Pick<RequestOptions, "fetch" | "timeout_s">;
}

/**
 * OpenSky's tokens expire after 30 min. The cache renews a token before that, so that no request carries an expired
 * one.
 */
const LIFETIME_S = 1_800;
const MARGIN = 0.95;

/**
 * Resolves with the cached token, or with a new one when it has expired or `renew` is true.
 * Throws `UpstreamError`. Its message never contains a secret.
 */
type GetToken = (signal: AbortSignal, renew: boolean) => Promise<string>;

export function tokenCache({ tokenUrl, credentials, now, requestOptions }: TokenOptions): GetToken {
  let token = "";
  let expires_at = 0;
  return async (signal, renew) => {
    if (!renew && now() < expires_at) return token;
    const requested_at = now();
    const reply = await request(tokenUrl, {
      ...requestOptions,
      signal,
      method: "POST",
      body: form(credentials),
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    });
    const grant = reply.status === 200 ? readGrant(reply.body) : null;
    if (grant === null) throw refusal(tokenUrl, reply.status);
    token = grant.access_token;
    expires_at = requested_at + MARGIN * Math.min(LIFETIME_S, grant.expires_in);
    return token;
  };
}

function form({ clientId, clientSecret }: Credentials): string {
  const grant = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  return new URLSearchParams(grant).toString();
}

function refusal(tokenUrl: URL, status: number): UpstreamError {
  const reason = status === 400 || status === 401 ? "credentials refused" : "no token";
  return new UpstreamError(`${tokenUrl.host} answered ${status} (${reason})`);
}

function readGrant(body: Uint8Array): { access_token: string; expires_in: number } | null {
  const { access_token, expires_in } = readJson("the token endpoint", body);
  if (typeof access_token !== "string") return null;
  return { access_token, expires_in: typeof expires_in === "number" ? expires_in : LIFETIME_S };
}
