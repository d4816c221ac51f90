import { readConfig } from "../../config.ts";
import type { Source } from "../../source/source.ts";
import { kinesisClient, kinesisStream } from "../kinesis/stream.ts";
import { polledSource, pollOnce } from "../poll-once.ts";

const config = readConfig(process.env, "/tmp");
const stream = kinesisStream(kinesisClient(), { name: config.stream.name });
let source: Source | undefined;
const MAX_MS = 45_000;

/** One poll of the source into the stream. An upstream that gives nothing is said in the log and in the answer. */
export async function handler(): Promise<unknown> {
  source ??= await polledSource(config);
  const polled = await pollOnce(source, stream, { groups: config.groups, ms: MAX_MS });
  process.stdout.write(`${JSON.stringify({ level: polled.rows > 0 ? "info" : "warn", ...polled })}\n`);
  return polled;
}
