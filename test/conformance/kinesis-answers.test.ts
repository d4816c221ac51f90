import { ExpiredIteratorException, ResourceNotFoundException } from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { kinesisClient, kinesisStream } from "../../src/aws/kinesis/stream.ts";
import { UnavailableError } from "../../src/flow/errors.ts";

type Answer = Record<string, unknown> | Error;
interface Call {
  command: string;
  input: Record<string, unknown>;
}

/** A stream whose client answers each call by `answer`; what no emulator does, Kinesis does. */
function answering(answer: (call: Call, calls: readonly Call[]) => Answer) {
  const client = kinesisClient("http://127.0.0.1:1");
  const calls: Call[] = [];
  client.middlewareStack.add(
    (_, { commandName = "" }) =>
      async ({ input }) => {
        const call = { command: commandName.replace(/Command$/, ""), input: input as Record<string, unknown> };
        calls.push(call);
        const output = answer(call, calls);
        if (output instanceof Error) throw output;
        return { output: { $metadata: {}, ...output }, response: {} };
      },
    { step: "initialize" },
  );
  return { stream: kinesisStream(client, { name: "stub" }), calls };
}

const found = (sequence: string) => ({
  PartitionKey: "k",
  SequenceNumber: sequence,
  Data: Buffer.from(sequence),
  ApproximateArrivalTimestamp: new Date(1_700_000_000_500),
});
const counted = (calls: readonly Call[], command: string): number =>
  calls.filter((call) => call.command === command).length;
const throttled = () =>
  Object.assign(new Error("slow down"), { name: "ProvisionedThroughputExceededException", $fault: "client" });
const numbers = ({ records }: { records: { sequence_number: string }[] }) =>
  records.map(({ sequence_number }) => sequence_number);

test("an iterator that expired is asked for again after the last record, and nothing is skipped", async () => {
  const { stream, calls } = answering(({ command }, all) => {
    if (command === "GetShardIterator") return { ShardIterator: "from here" };
    if (counted(all, "GetRecords") === 2) return new ExpiredIteratorException({ message: "old", $metadata: {} });
    return { Records: [found(String(counted(all, "GetRecords")))], NextShardIterator: "next", MillisBehindLatest: 0 };
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

test("empty answers before records that are there are read on", async () => {
  const { stream, calls } = answering(({ command }, all) =>
    command === "GetShardIterator"
      ? { ShardIterator: "first" }
      : counted(all, "GetRecords") < 4
        ? { Records: [], NextShardIterator: `n${counted(all, "GetRecords")}`, MillisBehindLatest: 60_000 }
        : { Records: [found("9")], NextShardIterator: "end", MillisBehindLatest: 0 },
  );
  expect(numbers(await stream.read("s", null, 10))).toEqual(["9"]);
  expect(counted(calls, "GetRecords")).toBe(4);
});

test("a read that is throttled is unavailable, and goes on where the empty answers had led", async () => {
  const { stream, calls } = answering(({ command }, all) => {
    if (command === "GetShardIterator") return { ShardIterator: "first" };
    if (counted(all, "GetRecords") === 2) return throttled();
    return counted(all, "GetRecords") === 1
      ? { Records: [], NextShardIterator: "led", MillisBehindLatest: 60_000 }
      : { Records: [found("9")], NextShardIterator: "end", MillisBehindLatest: 0 };
  });
  await expect(stream.read("s", null, 10)).rejects.toThrow(UnavailableError);
  expect(numbers(await stream.read("s", null, 10))).toEqual(["9"]);
  expect(calls.at(-1)?.input["ShardIterator"]).toBe("led");
  expect(counted(calls, "GetShardIterator")).toBe(1);
});

test("shards are listed page by page", async () => {
  const { stream, calls } = answering(({ input }) =>
    input["NextToken"] === undefined
      ? { Shards: [{ ShardId: "a" }], NextToken: "more" }
      : { Shards: [{ ShardId: "b", ParentShardId: "a" }] },
  );
  expect(await stream.shards()).toEqual([
    { id: "a", parents: [] },
    { id: "b", parents: ["a"] },
  ]);
  // Kinesis refuses a name beside a token
  expect(calls[1]?.input).toEqual({ NextToken: "more" });
});

test("a closed shard that left the retention has ended; a stream that is not there is an error", async () => {
  const gone = new ResourceNotFoundException({ message: "not found", $metadata: {} });
  const forgotten = answering(({ command }) => (command === "ListShards" ? { Shards: [{ ShardId: "b" }] } : gone));
  expect(await forgotten.stream.read("a", "5", 10)).toEqual({ records: [], ended: true });
  await expect(forgotten.stream.read("b", "5", 10)).rejects.toThrow("not found");
  await expect(answering(() => gone).stream.read("a", "5", 10)).rejects.toThrow("not found");
});

test("what was acknowledged before a call that was refused stays acknowledged", async () => {
  const { stream, calls } = answering(({ input }, all) => {
    if (all.length === 2) return throttled();
    const records = input["Records"] as unknown[];
    return { Records: records.map((_, i) => ({ SequenceNumber: String(all.length * 1_000 + i), ShardId: "s" })) };
  });
  const record = { partition_key: "k", data: Buffer.from("x"), rows: 1 };
  const answers = await stream.put(Array.from({ length: 1_100 }, () => record));
  expect(calls).toHaveLength(3);
  expect(answers.map((answer) => "error" in answer)).toEqual([
    ...Array<boolean>(500).fill(false),
    ...Array<boolean>(500).fill(true),
    ...Array<boolean>(100).fill(false),
  ]);
});
