import { ExpiredIteratorException, ResourceNotFoundException } from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { kinesisClient, kinesisStream } from "../../src/aws/kinesis/stream.ts";
import { UnavailableError } from "../../src/flow/errors.ts";

type Response = Record<string, unknown> | Error;
interface Call {
  command: string;
  input: Record<string, unknown>;
}

/** A stream whose client responds to each call by `respond`. It tests responses of Kinesis that emulators do not give. */
function streamWith(respond: (call: Call, calls: readonly Call[]) => Response) {
  const client = kinesisClient("http://127.0.0.1:1");
  const calls: Call[] = [];
  client.middlewareStack.add(
    (_, { commandName = "" }) =>
      async ({ input }) => {
        const call = { command: commandName.replace(/Command$/, ""), input: input as Record<string, unknown> };
        calls.push(call);
        const output = respond(call, calls);
        if (output instanceof Error) throw output;
        return { output: { $metadata: {}, ...output }, response: {} };
      },
    { step: "initialize" },
  );
  return { stream: kinesisStream(client, { name: "stub" }), calls };
}

const recordOf = (sequence: string) => ({
  PartitionKey: "k",
  SequenceNumber: sequence,
  Data: Buffer.from(sequence),
  ApproximateArrivalTimestamp: new Date(1_700_000_000_500),
});
const count = (calls: readonly Call[], command: string): number =>
  calls.filter((call) => call.command === command).length;
const throttled = () =>
  Object.assign(new Error("slow down"), { name: "ProvisionedThroughputExceededException", $fault: "client" });
const numbers = ({ records }: { records: { sequence_number: string }[] }) =>
  records.map(({ sequence_number }) => sequence_number);

test("after an iterator expires, a new one starts after the last record and skips nothing", async () => {
  const { stream, calls } = streamWith(({ command }, all) => {
    if (command === "GetShardIterator") return { ShardIterator: "from here" };
    if (count(all, "GetRecords") === 2) return new ExpiredIteratorException({ message: "old", $metadata: {} });
    return { Records: [recordOf(String(count(all, "GetRecords")))], NextShardIterator: "next", MillisBehindLatest: 0 };
  });
  expect(numbers(await stream.read("s", null, 10))).toEqual(["1"]);
  expect(numbers(await stream.read("s", "1", 10))).toEqual(["3"]);
  expect(calls.map(({ command }) => command)).toEqual([
    "GetShardIterator",
    "GetRecords",
    "GetRecords",
    "GetShardIterator",
    "GetRecords",
  ]);
  expect(calls.at(-2)?.input).toMatchObject({
    StartingSequenceNumber: "1",
    ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
  });
});

test("a read continues after empty responses until it reaches records", async () => {
  const { stream, calls } = streamWith(({ command }, all) =>
    command === "GetShardIterator"
      ? { ShardIterator: "first" }
      : count(all, "GetRecords") < 4
        ? { Records: [], NextShardIterator: `n${count(all, "GetRecords")}`, MillisBehindLatest: 60_000 }
        : { Records: [recordOf("9")], NextShardIterator: "end", MillisBehindLatest: 0 },
  );
  expect(numbers(await stream.read("s", null, 10))).toEqual(["9"]);
  expect(count(calls, "GetRecords")).toBe(4);
});

test("a throttled read throws UnavailableError, and the next read continues from the same iterator", async () => {
  const { stream, calls } = streamWith(({ command }, all) => {
    if (command === "GetShardIterator") return { ShardIterator: "first" };
    if (count(all, "GetRecords") === 2) return throttled();
    return count(all, "GetRecords") === 1
      ? { Records: [], NextShardIterator: "led", MillisBehindLatest: 60_000 }
      : { Records: [recordOf("9")], NextShardIterator: "end", MillisBehindLatest: 0 };
  });
  await expect(stream.read("s", null, 10)).rejects.toThrow(UnavailableError);
  expect(numbers(await stream.read("s", null, 10))).toEqual(["9"]);
  expect(calls.at(-1)?.input["ShardIterator"]).toBe("led");
  expect(count(calls, "GetShardIterator")).toBe(1);
});

test("shards are listed page by page", async () => {
  const { stream, calls } = streamWith(({ input }) =>
    input["NextToken"] === undefined
      ? { Shards: [{ ShardId: "a" }], NextToken: "more" }
      : { Shards: [{ ShardId: "b", ParentShardId: "a" }] },
  );
  expect(await stream.shards()).toEqual([
    { id: "a", parents: [] },
    { id: "b", parents: ["a"] },
  ]);
  // Kinesis refuses a stream's name together with a token
  expect(calls[1]?.input).toEqual({ NextToken: "more" });
});

test("a closed shard that retention has deleted is at its end, and a missing stream is an error", async () => {
  const missing = new ResourceNotFoundException({ message: "not found", $metadata: {} });
  const { stream } = streamWith(({ command }) => (command === "ListShards" ? { Shards: [{ ShardId: "b" }] } : missing));
  expect(await stream.read("a", "5", 10)).toEqual({ records: [], ended: true });
  await expect(stream.read("b", "5", 10)).rejects.toThrow("not found");
  await expect(streamWith(() => missing).stream.read("a", "5", 10)).rejects.toThrow("not found");
});

test("records that were acknowledged before a call failed stay acknowledged", async () => {
  const { stream, calls } = streamWith(({ input }, all) => {
    if (all.length === 2) return throttled();
    const records = input["Records"] as unknown[];
    return { Records: records.map((_, i) => ({ SequenceNumber: String(all.length * 1_000 + i), ShardId: "s" })) };
  });
  const record = { partition_key: "k", data: Buffer.from("x"), rows: 1 };
  const results = await stream.put(Array.from({ length: 1_100 }, () => record));
  expect(calls).toHaveLength(3);
  expect(results.map((result) => "error" in result)).toEqual([
    ...Array<boolean>(500).fill(false),
    ...Array<boolean>(500).fill(true),
    ...Array<boolean>(100).fill(false),
  ]);
});
