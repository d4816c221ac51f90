import type { Config } from "../config.ts";
import type { Stream } from "../flow/ports.ts";
import { producer } from "../flow/stream/produce.ts";
import { liveSource } from "../source/live/live-source.ts";
import type { Credentials } from "../source/live/token.ts";
import type { Source } from "../source/source.ts";
import { readSecret } from "./secret.ts";

/** The source that the deployment polls. Its credentials come from the secret. An empty secret means anonymous requests. */
export async function polledSource(config: Config): Promise<Source> {
  const { poller, opensky_secret: arn } = config.deployed;
  const secret = arn === undefined ? undefined : ((await readSecret(arn)) as Credentials);
  const credentials = secret?.clientId === "" ? undefined : secret;
  return liveSource(poller, { ...config, credentials });
}

/**
 * Polls the source until it answers or `ms` have passed, and puts the answer on the stream in `groups` partition keys. Returns
 * the number of rows put and the source's status.
 */
export async function pollOnce(source: Source, stream: Stream, { groups, ms }: { groups: number; ms: number }) {
  const signal = AbortSignal.timeout(ms);
  const producing = producer(stream, { signal, groups, source: source.name });
  for await (const { body, media_type } of source.polls(signal)) {
    await producing.add(body, media_type);
    await producing.flush();
    break;
  }
  return { rows: producing.rows_put, ...source.status() };
}
