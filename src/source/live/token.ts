import { readJson, request, UpstreamError, type Request } from "./request.ts";

/** OAuth2 client credentials, as OpenSky's credentials file names them. */
export interface Credentials {
  clientId: string;
  clientSecret: string;
}

interface TokenOptions {
  tokenUrl: URL;
  credentials: Credentials;
  /** Unix s */
  now: () => number;
  asking: Pick<Request, "fetch" | "timeout_s">;
}

/** OpenSky's tokens live 30 min; ours is renewed a little before. */
const LIFETIME_S = 1_800;
const MARGIN = 0.95;

/** The cached token, or a new one when it is old or `renew` is set. Throws `UpstreamError`, which never tells a secret. */
type GetToken = (signal: AbortSignal, renew: boolean) => Promise<string>;

export function tokenCache({ tokenUrl, credentials, now, asking }: TokenOptions): GetToken {
  let token = "";
  let until = 0;
  return async (signal, renew) => {
    if (!renew && now() < until) return token;
    const asked = now();
    const reply = await request(tokenUrl, {
      ...asking,
      signal,
      method: "POST",
      body: form(credentials),
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    });
    const given = reply.status === 200 ? read(reply.body) : null;
    if (given === null) throw refused(tokenUrl, reply.status);
    token = given.access_token;
    until = asked + MARGIN * Math.min(LIFETIME_S, given.expires_in);
    return token;
  };
}

function form({ clientId, clientSecret }: Credentials): string {
  const grant = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  return new URLSearchParams(grant).toString();
}

function refused(tokenUrl: URL, status: number): UpstreamError {
  const what = status === 400 || status === 401 ? "credentials refused" : "no token";
  return new UpstreamError(`${tokenUrl.host} answered ${status} (${what})`);
}

function read(body: Uint8Array): { access_token: string; expires_in: number } | null {
  const { access_token, expires_in } = readJson("the token endpoint", body);
  if (typeof access_token !== "string") return null;
  return { access_token, expires_in: typeof expires_in === "number" ? expires_in : LIFETIME_S };
}
