import type { PutRecordsCommandInput, PutRecordsCommandOutput } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { kinesisClient, kinesisStream } from "../../src/aws/kinesis/stream.ts";
import { fileStore } from "../../src/files/file-store.ts";
import { consume } from "../../src/flow/stream/consume.ts";
import { producer } from "../../src/flow/stream/produce.ts";
import { postgresCheckpoints } from "../../src/postgres/checkpoints.ts";
import { postgresDatabase } from "../../src/postgres/database.ts";
import { startKinesalite, type Kinesalite } from "../harness/aws/kinesalite.ts";
import { mergeTwo, splitOne } from "../harness/aws/reshard.ts";
import { goodRow } from "../harness/bodies.ts";
import { freshDatabase } from "../harness/fresh-database.ts";
import { temporaryFolder, until } from "../harness/product.ts";
import { streamLaws } from "./stream.ts";

let kinesis: Kinesalite;
let created = 0;
beforeAll(async () => void (kinesis = await startKinesalite()));
afterAll(() => kinesis.close());

async function newStream(shards: number) {
  const name = `test-${created++}`;
  await kinesis.createStream(name, shards);
  return kinesisStream(kinesis.client, { name });
}

streamLaws("Kinesis (kinesalite)", () => newStream(3));

async function consumer(stream: Awaited<ReturnType<typeof newStream>>) {
  const database = await freshDatabase();
  onTestFinished(() => database.drop());
  const adapters = {
    stream,
    objects: fileStore(await temporaryFolder()),
    ...postgresDatabase(database.pool, { retention_days: 7 }),
    checkpoints: postgresCheckpoints(database.connection, stream.name),
    lake: "parquet" as const,
    source: "opensky",
  };
  const start = () => {
    const stop = new AbortController();
    const running = consume(adapters, { signal: stop.signal });
    return async () => {
      stop.abort();
      await running;
    };
  };
  return { adapters, start };
}

const START = 1_700_000_000;
const AIRCRAFT = 40;
/** Puts one row of each aircraft for second `n`. */
async function putSecond(to: ReturnType<typeof producer>, n: number): Promise<void> {
  const rows = Array.from({ length: AIRCRAFT }, (_, i) =>
    goodRow({ icao24: (0x3c0000 + i).toString(16), last_contact: START + n, time_position: START + n }),
  );
  await to.add(Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n")), "application/x-ndjson");
  await to.flush();
}

async function expectAll({ adapters }: Awaited<ReturnType<typeof consumer>>, seconds: number): Promise<void> {
  const rows = seconds * AIRCRAFT;
  const { stream } = (
    await until(
      () => adapters.ledger.totals({ since: 0 }),
      ({ flows }) => flows.stream.received >= rows,
    )
  ).flows;
  expect(stream).toMatchObject({ received: rows, accepted: rows, duplicate: 0, stored: rows, unbalanced: [] });
  const newest = await adapters.reader?.aircraft({ limit: 100 });
  expect(newest?.map(({ last_contact }) => last_contact)).toEqual(Array(AIRCRAFT).fill(START + seconds - 1));
}

test("a split and a merge under load lose nothing, and the newest row of each aircraft is right", async () => {
  const stream = await newStream(2);
  const reading = await consumer(stream);
  const to = producer(stream, { signal: new AbortController().signal, groups: 16 });
  const end = reading.start();
  for (let n = 0; n < 30; n++) {
    await putSecond(to, n);
    if (n === 8) await splitOne(kinesis, stream.name);
    if (n === 18) await mergeTwo(kinesis, stream.name);
  }
  await expectAll(reading, 30);
  await end();
});

test("after a stream was resharded without a reader, reading continues at the saved position", async () => {
  const stream = await newStream(2);
  const reading = await consumer(stream);
  const to = producer(stream, { signal: new AbortController().signal, groups: 16 });
  const end = reading.start();
  for (let n = 0; n < 5; n++) await putSecond(to, n);
  await expectAll(reading, 5);
  await end();
  for (let n = 5; n < 8; n++) await putSecond(to, n);
  await splitOne(kinesis, stream.name);
  for (let n = 8; n < 11; n++) await putSecond(to, n);
  await mergeTwo(kinesis, stream.name);
  for (let n = 11; n < 14; n++) await putSecond(to, n);
  const again = reading.start();
  await expectAll(reading, 14);
  await again();
});

/** A stream whose client accepts the records for which `accept` returns true. */
function stubbed(accept: (records: NonNullable<PutRecordsCommandInput["Records"]>, call: number) => boolean[]) {
  const client = kinesisClient("http://127.0.0.1:1");
  const calls: string[][] = [];
  client.middlewareStack.add(
    () => async (args) => {
      const { Records = [] } = args.input as PutRecordsCommandInput;
      const accepted = accept(Records, calls.length);
      calls.push(Records.map(({ PartitionKey }) => PartitionKey ?? ""));
      const output: PutRecordsCommandOutput = {
        $metadata: {},
        FailedRecordCount: accepted.filter((isAccepted) => !isAccepted).length,
        Records: accepted.map((isAccepted, i) =>
          isAccepted
            ? { SequenceNumber: String(calls.length * 1_000 + i), ShardId: "0" }
            : { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "slow down" },
        ),
      };
      return { output, response: {} };
    },
    { step: "initialize" },
  );
  return { stream: kinesisStream(client, { name: "stub" }), calls };
}
const record = (partition_key: string, bytes = 10) => ({ partition_key, data: Buffer.alloc(bytes), rows: 1 });

test("a call that accepts some records reports an error for the others", async () => {
  const { stream } = stubbed((records) => records.map((_, i) => i % 2 === 0));
  const results = await stream.put([record("a"), record("b"), record("c")]);
  expect(results.map((result) => "error" in result)).toEqual([false, true, false]);
});

test("a producer puts only rejected records again, also after a call that accepted none", async () => {
  const { stream, calls } = stubbed((records, call) => records.map((_, i) => call > 1 || (call === 1 && i === 0)));
  const to = producer(stream, { signal: new AbortController().signal, groups: 8 });
  const rows = Array.from({ length: 30 }, (_, i) => JSON.stringify(goodRow({ icao24: (0x3c0000 + i).toString(16) })));
  await to.add(Buffer.from(rows.join("\n")), "application/x-ndjson");
  await to.flush();
  expect(to.rows_put).toBe(30);
  const [first = [], second = [], third = []] = calls;
  expect(calls).toHaveLength(3);
  expect(second).toEqual(first);
  expect(third).toEqual(first.slice(1));
});

test("a call has at most 500 records and 5 MiB, and a record that is too large for Kinesis fails alone", async () => {
  const { stream, calls } = stubbed((records) => records.map(() => true));
  await stream.put(Array.from({ length: 1_100 }, (_, i) => record(String(i))));
  expect(calls.map(({ length }) => length)).toEqual([500, 500, 100]);
  calls.length = 0;
  const large = await stream.put([...Array.from({ length: 12 }, () => record("k", 1_000_000)), record("k", 1_048_577)]);
  expect(calls.map(({ length }) => length)).toEqual([5, 5, 2]);
  expect(large.map((result) => "error" in result)).toEqual([...Array<boolean>(12).fill(false), true]);
});
