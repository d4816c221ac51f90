import type { Config } from "../config.ts";
import { producer } from "../flow/stream/produce.ts";
import type { Stream } from "../flow/ports.ts";
import { liveSource } from "../source/live/live-source.ts";
import type { Credentials } from "../source/live/token.ts";
import type { Source } from "../source/source.ts";
import { readSecret } from "./secret.ts";

/** The source that a deployment polls, its credentials from the secret; while that is empty, anonymously. */
export async function polledSource(config: Config): Promise<Source> {
  const { poll, opensky_secret: arn } = config.deployed;
  const secret = arn === undefined ? undefined : ((await readSecret(arn)) as Credentials);
  const credentials = secret?.clientId === "" ? undefined : secret;
  return liveSource(poll, { ...config, credentials });
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
