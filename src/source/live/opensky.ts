import { DAY_S } from "../../time.ts";
import type { Source } from "../source.ts";
import { pollingSource, TIMEOUT_S, type PollingDependencies, type Upstream } from "./poll.ts";
import { request } from "./request.ts";
import { tokenCache, type Credentials } from "./token.ts";

const BASE_URL = "https://opensky-network.org/api";
const TOKEN_URL = "https://auth.opensky-network.org/auth/realms/opensky-network/protocol/openid-connect/token";
/** `credits` per day. `resolution_s`: OpenSky updates its states this often, so that a faster poll repeats rows. */
const ANONYMOUS = { credits: 400, resolution_s: 10 };
const STANDARD = { credits: 4_000, resolution_s: 5 };

/** OpenSky's terms require a citation of this paper wherever its data is shown. */
const ATTRIBUTION =
  "Data: The OpenSky Network, https://opensky-network.org (M. Schäfer, M. Strohmeier, V. Lenders, I. Martinovic and " +
  "M. Wilhelm, Bringing Up OpenSky: A Large-scale ADS-B Sensor Network for Research, IPSN 2014). " +
  "Non-profit research and education; no redistribution.";

const HINTS = {
  401: "credentials refused",
  403: "OpenSky may block networks of cloud providers",
  429: "the day's credits are used up, or requests came too fast",
};

/** deg; south below north, west below east. */
export interface OpenskyBox {
  lamin: number;
  lomin: number;
  lamax: number;
  lomax: number;
}

export interface OpenskyOptions extends PollingDependencies {
  /** Without a trailing slash. */
  baseUrl?: string;
  tokenUrl?: string;
  /** Default: anonymous. */
  credentials?: Credentials;
  /** Default: the world. */
  box?: OpenskyBox;
  /** s; default: the shortest interval that the day's credits pay for. */
  interval_s?: number;
}

/** OpenSky's live states: bodies `{"time","states":[[...]]}`. Throws `RangeError` for an invalid box or interval. */
export function opensky(options: OpenskyOptions = {}): Source {
  const { credentials, box } = options;
  const { fetch: get = fetch, now = () => Date.now() / 1_000, timeout_s = TIMEOUT_S } = options;
  const interval_s = options.interval_s ?? openskyInterval(credentials !== undefined, box);
  if (!(interval_s > 0)) throw new RangeError(`interval_s: ${interval_s} is not a number above 0`);
  const url = statesUrl(options.baseUrl ?? BASE_URL, box);
  const requestOptions = { fetch: get, timeout_s };
  const tokenUrl = new URL(options.tokenUrl ?? TOKEN_URL);
  const token = credentials === undefined ? null : tokenCache({ tokenUrl, credentials, now, requestOptions });
  const fetchStates = async (signal: AbortSignal, renew: boolean) => {
    const bearer = token === null ? {} : { authorization: `Bearer ${await token(signal, renew)}` };
    return request(url, { ...requestOptions, signal, headers: { accept: "application/json", ...bearer } });
  };
  const upstream: Upstream = {
    name: "opensky",
    attribution: ATTRIBUTION,
    interval_s,
    rows: "states",
    hints: HINTS,
    statusMessage,
    async fetchOnce(signal) {
      const reply = await fetchStates(signal, false);
      return reply.status === 401 && token !== null ? fetchStates(signal, true) : reply;
    },
  };
  return pollingSource(upstream, options);
}

/** s between requests that the day's credits pay for. For the world: 864 anonymously, 86.4 with an account. */
export function openskyInterval(hasAccount: boolean, box?: OpenskyBox): number {
  const { credits, resolution_s } = hasAccount ? STANDARD : ANONYMOUS;
  return Math.max(resolution_s, (DAY_S * creditsPerRequest(box)) / credits);
}

/** Credits of one request, by the area in square degrees. */
function creditsPerRequest(box?: OpenskyBox): number {
  if (box === undefined) return 4;
  const area = (box.lamax - box.lamin) * (box.lomax - box.lomin);
  return area <= 25 ? 1 : area <= 100 ? 2 : area <= 400 ? 3 : 4;
}

function statesUrl(base: string, box?: OpenskyBox): URL {
  const url = new URL(`${base}/states/all?extended=1`);
  if (box === undefined) return url;
  const { lamin, lomin, lamax, lomax } = box;
  const isValid = lamin >= -90 && lamin < lamax && lamax <= 90 && lomin >= -180 && lomin < lomax && lomax <= 180;
  if (!isValid)
    throw new RangeError(
      `box: ${lamin},${lomin},${lamax},${lomax} is not south,west,north,east in degrees, south < north, west < east`,
    );
  for (const [side, degrees] of Object.entries({ lamin, lomin, lamax, lomax }))
    url.searchParams.set(side, String(degrees));
  return url;
}

function statusMessage(headers: Headers): string | null {
  const credits = headers.get("x-rate-limit-remaining");
  return credits === null ? null : `${credits} credits left today`;
}
