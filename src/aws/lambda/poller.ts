import { readConfig } from "../../config.ts";
import type { Source } from "../../source/source.ts";
import { kinesisClient, kinesisStream } from "../kinesis/stream.ts";
import { polledSource, pollOnce } from "../poll-once.ts";

const config = readConfig(process.env, "/tmp");
const stream = kinesisStream(kinesisClient(), { name: config.stream.name });
let source: Source | undefined;
const MAX_MS = 45_000;

/** Polls the source once and puts its rows on the stream. Logs and returns the result, also when the source gave no rows. */
export async function handler(): Promise<unknown> {
  source ??= await polledSource(config);
  const polled = await pollOnce(source, stream, { groups: config.groups, ms: MAX_MS });
  process.stdout.write(`${JSON.stringify({ level: polled.rows > 0 ? "info" : "warn", ...polled })}\n`);
  return polled;
}
