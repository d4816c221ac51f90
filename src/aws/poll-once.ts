import type { Config, Environment } from "../config.ts";
import { producer } from "../flow/produce.ts";
import type { Stream } from "../flow/ports.ts";
import { adsblol } from "../source/adsblol.ts";
import { opensky } from "../source/opensky.ts";
import type { Source } from "../source/source.ts";
import { readSecret } from "./rds.ts";

/** The source that a deployment polls, its credentials from the secret. */
export async function polledSource(env: Environment, { opensky_box, adsblol_point }: Config): Promise<Source> {
  if (env["FLIGHTLINE_POLL"] === "adsblol") {
    const [lat = 0, lon = 0, radius_nm = 0] = adsblol_point;
    return adsblol({ lat, lon, radius_nm });
  }
  const [lamin = 0, lomin = 0, lamax = 0, lomax = 0] = opensky_box ?? [];
  const arn = env["FLIGHTLINE_OPENSKY_SECRET"];
  return opensky({
    ...(opensky_box === undefined ? {} : { box: { lamin, lomin, lamax, lomax } }),
    ...(arn === undefined
      ? {}
      : { credentials: (await readSecret(arn)) as { clientId: string; clientSecret: string } }),
  });
}

/** Asks the source until it answers or the time is over, and puts what it gave; returns the rows that were put. */
export async function pollOnce(source: Source, stream: Stream, { groups, ms }: { groups: number; ms: number }) {
  const signal = AbortSignal.timeout(ms);
  const to = producer(stream, { signal, groups, source: source.name });
  for await (const { body, media_type } of source.polls(signal)) {
    await to.add(body, media_type);
    await to.flush();
    break;
  }
  return { rows: to.rows_put, ...source.status() };
}
