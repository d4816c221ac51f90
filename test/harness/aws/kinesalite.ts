import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateStreamCommand, DescribeStreamCommand, type KinesisClient } from "@aws-sdk/client-kinesis";
import kinesalite from "kinesalite";
import { kinesisClient } from "../../../src/aws/kinesis/stream.ts";

/** Credentials that the emulators accept. */
export const EMULATED = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
} as const;

export interface Kinesalite {
  client: KinesisClient;
  url: string;
  createStream(name: string, shards: number): Promise<void>;
  /** Resolves when the stream is active, so that it can be changed again. */
  active(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts kinesalite in this process. Unlike MiniStack, it splits and merges shards as Kinesis does. */
export async function startKinesalite(): Promise<Kinesalite> {
  Object.assign(process.env, EMULATED);
  const server: Server = kinesalite({ createStreamMs: 5, deleteStreamMs: 5, updateStreamMs: 5, shardLimit: 100 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = kinesisClient(url);
  const active = async (name: string): Promise<void> => {
    for (;;) {
      const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamName: name }));
      if (StreamDescription?.StreamStatus === "ACTIVE") return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return {
    client,
    url,
    active,
    async createStream(name, shards) {
      await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
      await active(name);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
