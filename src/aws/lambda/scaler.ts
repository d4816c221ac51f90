import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { readConfig } from "../../config.ts";
import { scaledKinesis } from "../kinesis/scaled-stream.ts";
import { scaleOnce } from "../kinesis/shard-scaling.ts";
import { kinesisClient } from "../kinesis/stream.ts";

const { stream, shards, deployed } = readConfig(process.env, "/tmp");
const scaled = scaledKinesis(kinesisClient(), new CloudWatchClient({}), stream.name);

/** Sets the number of shards. Runs every five minutes, and when the stream throttles. */
export async function handler(): Promise<unknown> {
  const bounds = { shards, maxShards: deployed.max_shards };
  const change = await scaleOnce(scaled, { now_s: Math.floor(Date.now() / 1000), bounds });
  if (change !== null)
    process.stdout.write(`${JSON.stringify({ level: "info", message: "shards changed", ...change })}\n`);
  return change;
}
