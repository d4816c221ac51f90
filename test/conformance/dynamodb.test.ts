import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, ProvisionedThroughputExceededException } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { dynamoCheckpoints } from "../../src/aws/dynamo/checkpoints.ts";
import { dynamoClient } from "../../src/aws/dynamo/client.ts";
import { dynamoDatabase } from "../../src/aws/dynamo/database.ts";
import { fileStore } from "../../src/files/file-store.ts";
import { LeaseLostError, UnavailableError } from "../../src/flow/errors.ts";
import { flowCounter } from "../../src/flow/ledger/reconcile.ts";
import { twoDatabases } from "../../src/flow/ledger/two-databases.ts";
import type { Checkpoints, DatabasePorts, Ledger } from "../../src/flow/ports.ts";
import { microBatch } from "../../src/flow/stream/micro-batch.ts";
import { postgresDatabase } from "../../src/postgres/database.ts";
import { createTables } from "../harness/aws/tables.ts";
import { goodRow } from "../harness/bodies.ts";
import { freshDatabase } from "../harness/fresh-database.ts";
import { temporaryFolder } from "../harness/product.ts";
import { checkpointLaws } from "./checkpoints.ts";
import { databaseLaws } from "./database.ts";
import { batchWrite } from "./writes.ts";

let server: Server;
let created = 0;
beforeAll(async () => {
  process.env["AWS_REGION"] = "us-east-1";
  process.env["AWS_ACCESS_KEY_ID"] = "test";
  process.env["AWS_SECRET_ACCESS_KEY"] = "test";
  server = dynalite({ createTableMs: 50, deleteTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => void server.close());

const endpoint = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
async function newTables(): Promise<{ client: DynamoDBClient; prefix: string }> {
  const client = dynamoClient(endpoint());
  const prefix = `test${created++}`;
  await createTables(client, prefix);
  return { client, prefix };
}
const database = async (): Promise<DatabasePorts> => {
  const { client, prefix } = await newTables();
  return dynamoDatabase(client, { prefix, retention_days: 7 });
};

databaseLaws("DynamoDB (dynalite)", database, { batch_is_delivery: true, history_of_one: true });

databaseLaws("PostgreSQL, then DynamoDB", async () => {
  const fresh = await freshDatabase();
  onTestFinished(() => fresh.drop());
  return twoDatabases(postgresDatabase(fresh.pool, { retention_days: 7 }), await database());
});

test("two databases report the second's totals next to the first's, and a batch fails while one is down", async () => {
  const [first, second] = [await database(), await database()];
  const both = twoDatabases(first, second);
  const down = twoDatabases(first, {
    ...second,
    sink: { ...second.sink, apply: () => Promise.reject(new UnavailableError("down")) },
  });
  const write = batchWrite("b1", [{ id: "s1", rows: [goodRow()] }]);
  await expect(down.sink.apply(write)).rejects.toThrow(UnavailableError);
  const name = { id: "s1", received_at: 1_800_000_000 };
  expect(await both.sink.delivered([name])).toEqual(new Set());
  await both.sink.apply(write);
  expect(await both.sink.delivered([name])).toEqual(new Set(["s1"]));
  const { flows, others } = await both.ledger.totals({ since: 0 });
  expect([flows.stream.accepted, others?.[0]?.stream.accepted]).toEqual([1, 1]);
});

test("a batch that one of two databases lost unbalances the flow, and a batch between its two writes does not", async () => {
  const [first, second] = [await database(), await database()];
  const objects = fileStore(await temporaryFolder());
  const both = twoDatabases(first, second);
  const stream = async () => (await flowCounter({ ...both, objects }).count())[1];
  await both.sink.apply(batchWrite("b1", [{ id: "s1", rows: [goodRow()] }]));
  expect(await stream()).toMatchObject({ balanced: true, ledger_drift: 0 });
  const late = batchWrite("b2", [{ id: "s2", rows: [goodRow({ icao24: "3c0002" })] }]);
  await first.sink.apply(late);
  expect(await stream()).toMatchObject({ balanced: false, ledger_drift: 1 });
  // The second database stores the batch between the two counts
  let counts = 0;
  const lateInFirst: Ledger = {
    ...both.ledger,
    async totals(query) {
      const totals = await both.ledger.totals(query);
      if (++counts === 1) await second.sink.apply(late);
      return totals;
    },
  };
  const [, report] = await flowCounter({ ...both, ledger: lateInFirst, objects }).count();
  expect([report?.balanced, report?.ledger_drift, counts]).toEqual([true, 0, 2]);
});

/** Each session has its own client, which a test can cut off. This has the effect of the end of the session's process. */
let sessions: DynamoDBClient[] = [];
const cutOff = (client: DynamoDBClient): void =>
  client.middlewareStack.add(
    () => async () => {
      throw new Error("the process of this session is dead");
    },
    { step: "initialize" },
  );
checkpointLaws("DynamoDB (dynalite)", {
  async make(): Promise<Checkpoints> {
    const { prefix } = await newTables();
    return {
      open() {
        const client = dynamoClient(endpoint());
        sessions.push(client);
        return dynamoCheckpoints(client, { prefix, stream: "test", lease_ms: 10_000 }).open();
      },
    };
  },
  async killSessions() {
    sessions.forEach(cutOff);
    sessions = [];
  },
});

test("a table that throttles every second call loses nothing, and only failed calls are repeated", async () => {
  const { client, prefix } = await newTables();
  let calls = 0;
  const tried = new Map<string, number>();
  client.middlewareStack.add(
    (next) => async (args) => {
      const { Item, TableName = "" } = args.input as { Item?: Record<string, { S?: string }>; TableName?: string };
      const icao24 = Item?.["icao24"]?.S;
      if (calls++ % 2 === 0)
        throw new ProvisionedThroughputExceededException({ message: "throttled", $metadata: { httpStatusCode: 400 } });
      if (icao24 !== undefined) tried.set(`${TableName} ${icao24}`, (tried.get(`${TableName} ${icao24}`) ?? 0) + 1);
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  const { sink, ledger } = dynamoDatabase(client, { prefix, retention_days: 7 });
  const rows = Array.from({ length: 12 }, (_, i) => goodRow({ icao24: (0x3c0000 + i).toString(16) }));
  expect(await sink.apply(batchWrite("b1", [{ id: "s1", rows }]))).toMatchObject({ received: 12, accepted: 12 });
  expect((await ledger.totals({ since: 0, verify: true })).flows.stream).toMatchObject({
    accepted: 12,
    stored: 12,
    unbalanced: [],
  });
  // Each row was put once into each table: the client did not repeat calls that had succeeded
  expect([...tried.values()]).toEqual(Array(24).fill(1));
  expect(calls).toBeGreaterThan(48);
});

test("a read that is throttled requests the unprocessed keys again", async () => {
  const { client, prefix } = await newTables();
  const { sink } = dynamoDatabase(client, { prefix, retention_days: 7 });
  const names = Array.from({ length: 30 }, (_, i) => `s${i}`);
  for (const id of names) await sink.apply(batchWrite(`b${id}`, [{ id, rows: [] }]));
  let left = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== "BatchGetItemCommand") return next(args);
      const input = args.input as { RequestItems: Record<string, { Keys: unknown[] }> };
      const [table = "", request = { Keys: [] }] = Object.entries(input.RequestItems)[0] ?? [];
      const all = request.Keys;
      const half = Math.ceil(all.length / 2);
      const response = await next({
        ...args,
        input: { RequestItems: { [table]: { ...request, Keys: all.slice(0, half) } } },
      });
      const unprocessed = all.slice(half);
      left += unprocessed.length;
      const output = response.output as { UnprocessedKeys?: unknown };
      if (unprocessed.length > 0) output.UnprocessedKeys = { [table]: { ...request, Keys: unprocessed } };
      return response;
    },
    { step: "initialize" },
  );
  const delivered = await sink.delivered([...names, "s99"].map((id) => ({ id, received_at: 1_800_000_000 })));
  expect(delivered).toEqual(new Set(names));
  expect(left).toBeGreaterThan(20);
});

/** A client that fails at the put after this many, as the end of its process would. */
function dyingClient(puts: number): DynamoDBClient {
  const dying = dynamoClient(endpoint());
  let done = 0;
  dying.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === "PutItemCommand" && ++done > puts) throw new Error("killed");
        return next(args);
      },
    { step: "initialize" },
  );
  return dying;
}

test("a lease that was released refuses a save", async () => {
  const { client, prefix } = await newTables();
  const checkpoints = dynamoCheckpoints(client, { prefix, stream: "test" });
  const [first, second] = [await checkpoints.open(), await checkpoints.open()];
  const old = await first.lease("0");
  await old?.save("1");
  await old?.release();
  await expect(old?.save("2")).rejects.toThrow(LeaseLostError);
  expect((await second.lease("0"))?.position).toBe("1");
  await first.close();
  await second.close();
});

test("a delivery that failed half-way has the same counts after its redelivery", async () => {
  const { client, prefix } = await newTables();
  const rows = Array.from({ length: 20 }, (_, i) => goodRow({ icao24: (0x3c0000 + i).toString(16) }));
  const options = { prefix, retention_days: 7 };
  await expect(
    dynamoDatabase(dyingClient(10), options).sink.apply(batchWrite("b1", [{ id: "s1", rows }])),
  ).rejects.toThrow("killed");
  const again = dynamoDatabase(client, options);
  expect((await again.ledger.totals({ since: 0, verify: true })).flows.stream.unbalanced).not.toEqual([]);
  expect(await again.sink.apply(batchWrite("b1", [{ id: "s1", rows }]))).toMatchObject({ accepted: 20, duplicate: 0 });
  expect((await again.ledger.totals({ since: 0, verify: true })).flows.stream).toMatchObject({
    stored: 20,
    unbalanced: [],
  });
});

test("a row belongs to the delivery that stored it, also if that failed before its ledger row and others have the same row", async () => {
  const { client, prefix } = await newTables();
  const options = { prefix, retention_days: 7 };
  // A batch as the consumer makes it: of rows with one identity, it keeps the first that arrived
  const batch = (...numbers: readonly number[]) => {
    const data = Buffer.from(JSON.stringify(goodRow()));
    const records = numbers.map((n) => ({
      data,
      partition_key: "k",
      sequence_number: `${n}`,
      arrived_at: 1_800_000_000,
    }));
    return microBatch(records, { stream: "test", source: "opensky" }).write;
  };
  // The client puts the row and the aircraft, and fails before the ledger row
  await expect(dynamoDatabase(dyingClient(2), options).sink.apply(batch(2))).rejects.toThrow("killed");
  const again = dynamoDatabase(client, options);
  expect(await again.sink.apply(batch(1))).toMatchObject({ accepted: 0, duplicate: 1 });
  expect(await again.sink.apply(batch(1, 2, 3))).toMatchObject({ accepted: 1, duplicate: 1, repeats: 1 });
  const { stream } = (await again.ledger.totals({ since: 0, verify: true })).flows;
  expect(stream).toMatchObject({ received: 3, stored: 1, unbalanced: [] });
});

test("a number too close to zero for DynamoDB is stored as zero", async () => {
  const { client, prefix } = await newTables();
  const { sink, reader } = dynamoDatabase(client, { prefix, retention_days: 7 });
  const rows = [goodRow({ icao24: "3c0001", velocity: 5e-324, true_track: 1e-131, vertical_rate: -5e-324 })];
  expect(await sink.apply(batchWrite("b1", [{ id: "s1", rows }]))).toMatchObject({ accepted: 1 });
  expect(await reader?.aircraft({ icao24: "3c0001", limit: 1 })).toMatchObject([
    { velocity: 0, true_track: 0, vertical_rate: 0 },
  ]);
});
