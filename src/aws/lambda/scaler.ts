import { readConfig } from "../../config.ts";
import { kinesisClient } from "../kinesis-stream.ts";
import { scaledKinesis } from "../scaled-kinesis.ts";
import { scaleOnce } from "../shard-scaling.ts";

const { stream, shards } = readConfig(process.env, "/tmp");
const bounds = { shards, maxShards: Number(process.env["FLIGHTLINE_MAX_SHARDS"] ?? shards) };
const scaled = scaledKinesis(kinesisClient(), stream.name);

/** Every few minutes: as many shards as the stream needs, within Kinesis's limits. */
export async function handler(): Promise<unknown> {
  const change = await scaleOnce(scaled, { now_s: Math.floor(Date.now() / 1000), bounds });
  if (change !== null)
    process.stdout.write(`${JSON.stringify({ level: "info", message: "shards changed", ...change })}\n`);
  return change;
}
