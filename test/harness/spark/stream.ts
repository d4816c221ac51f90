import { deepStrictEqual } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import pg from "pg";
import { compact, readLakeFile } from "../../../src/flow/lake/compact.ts";
import { consume as consumeStream } from "../../../src/flow/stream/consume.ts";
import { producer } from "../../../src/flow/stream/produce.ts";
import { migrate } from "../../../src/postgres/migrate.ts";
import { newPool } from "../../../src/postgres/transaction.ts";
import { openAdapters, type Adapters } from "../../../src/server/adapters.ts";
import { pick, sequence } from "../../../src/source/simulation/random.ts";
import { startKinesalite, type Kinesalite } from "../aws/kinesalite.ts";
import { splitOne } from "../aws/reshard.ts";
import { simulatedBodies } from "../bodies.ts";
import { quarantined } from "../quarantine.ts";
import { writeRecords } from "./raw-records.ts";
import { jdbcJar, python } from "./tools.ts";

/**
 * The streaming end-to-end test: producer -> Kinesis -> the job on Spark -> PostgreSQL and lake, with kill -9 at named points.
 *   npx tsx test/harness/spark/stream.ts 3.5|4.1 SEED SERVER-DSN [own-reader]
 * A forwarder reads Kinesis and writes a Parquet file of raw records per call. The job reads these files as a stream. With
 * `own-reader` on 4.1, the test also stops and kills the job's own Kinesis reader, and splits a shard.
 */
const [version = "", seed = "1", dsn = "", part = ""] = process.argv.slice(2);
const KILLS = 2;
/** Fast compilation only: a run of the job takes half a minute, too short to gain from optimized code. */
const JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
const POINTS = [
  "before rejected",
  "before database",
  "staged",
  "before commit",
  "before lake",
  "in lake",
  "after lake",
];
const RECORDS_PER_FILE = 8;
/** Stream records that are undecodable, entirely or in some of their lines. */
const BROKEN = [
  Buffer.from("\x1f\x8bnot gzip", "latin1"),
  Buffer.from('{"flightline":2}\n{}'),
  Buffer.from('{"icao24":1,\n\xff\n[1]\n', "latin1"),
];

const next = sequence(Number(seed), "stream");
const folder = mkdtempSync(path.join(tmpdir(), "flightline-spark-stream-"));
const files = path.join(folder, "records");

/** Creates and migrates a database for this run. */
async function newDatabase(): Promise<URL> {
  const url = new URL(dsn);
  const name = `stream_${version.replace(".", "")}_${seed}_${process.pid}`;
  const owner = new pg.Client({ connectionString: dsn });
  await owner.connect();
  await owner.query(`create database ${name}`);
  await owner.end();
  url.pathname = name;
  const pool = newPool({ connectionString: url.href });
  await migrate(pool);
  await pool.end();
  return url;
}

/** Writes the new records of the stream, a file per call of the stream. Returns their number. */
function forwarder({ stream }: Adapters) {
  const positions = new Map<string, string>();
  let written = 0;
  return async (): Promise<number> => {
    let forwarded = 0;
    for (const { id } of await stream.shards())
      for (;;) {
        const { records } = await stream.read(id, positions.get(id) ?? null, RECORDS_PER_FILE);
        if (records.length === 0) break;
        positions.set(id, records.at(-1)?.sequence_number ?? "");
        writeRecords(path.join(files, `${String(written++).padStart(5, "0")}.parquet`), records);
        forwarded += records.length;
      }
    return forwarded;
  };
}

interface Run {
  database: URL;
  checkpoint: string;
  files_per_batch?: number;
  /** The job's --reader. By default the forwarded files. */
  source?: string;
  kill?: { point: string; nth: number };
}

/** Runs the job until it is killed or has read all records. `deliveries` counts those that it applied. */
async function runJob(run: Run): Promise<{ killed: boolean; deliveries: number }> {
  const { database, checkpoint, files_per_batch = 100, source = `files:${files}`, kill } = run;
  const jdbc = `jdbc:postgresql://${database.host}${database.pathname}?user=${database.username}&password=${database.password}`;
  const options = [
    ...["--plan", "glue/plan.json", "--stream", "flightline", "--objects", `file:${path.join(folder, "objects")}`],
    ...["--postgres", jdbc, "--reader", source, "--until-empty"],
    ...[
      "--kinesis-endpoint",
      process.env["AWS_ENDPOINT_URL"] ?? "",
      "--checkpoint",
      path.join(folder, checkpoint),
      "--files-per-batch",
      String(files_per_batch),
      "--partitions",
      "2",
    ],
  ];
  const spark = `--master local[2] --driver-memory 2g --driver-java-options "${JAVA}" --jars ${jdbcJar} --conf spark.ui.enabled=false pyspark-shell`;
  const child = spawn(
    python(`spark-${version}`),
    ["glue/fault_injection.py", kill?.point ?? "-", String(kill?.nth ?? 0), ...options],
    {
      // a process group, so that the kill reaches the JVM too
      detached: true,
      env: { ...process.env, PYSPARK_SUBMIT_ARGS: spark, PYSPARK_PYTHON: python(`spark-${version}`) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let [tail, output] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr.on("data", (text: Buffer) => (tail = (tail + text.toString()).slice(-4_000)));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (signal === null && code !== 0) throw new Error(`the job exited with code ${code}: ${tail}`);
  const applied = [...output.matchAll(/"batch applied".*"deliveries": (\d+)/g)].map(([, number]) => Number(number));
  return { killed: signal === "SIGKILL", deliveries: applied.reduce((sum, number) => sum + number, 0) };
}

async function put(adapters: Adapters, bodies: readonly Uint8Array[]): Promise<number> {
  const sender = producer(adapters.stream, { signal: new AbortController().signal, groups: 8, source: "simulated" });
  for (const body of bodies) {
    await sender.add(body, "application/json");
    await sender.flush();
  }
  return sender.rows_put;
}

/** The stream's counts. Throws unless both equations of the reconciliation are true. */
async function balancedCounts({ counter }: Adapters) {
  const [, stream] = await counter.count();
  deepStrictEqual([stream?.balanced, stream?.unbalanced], [true, []]);
  const { received = 0, accepted = 0, duplicate = 0, rejected = 0 } = stream ?? {};
  return { received, accepted, duplicate, rejected };
}

/** The identity of each row of the lake, whether Spark or `compact` wrote its file. */
async function lakeRows({ objects }: Adapters): Promise<string[]> {
  const identities: string[] = [];
  for await (const { key } of objects.list("lake/")) {
    const { batch } = await readLakeFile(objects, key);
    const { source, icao24, last_contact, time_position } = batch.columns;
    for (let i = 0; i < batch.rows; i++)
      identities.push([source[i], icao24[i], last_contact[i], time_position[i]].join(" "));
  }
  return identities;
}

/** The job's own Kinesis reader after a stop, a split and a kill: it does not repeat finished batches. */
async function testOwnReader(
  database: URL,
  { split, putMore }: { split: () => Promise<void>; putMore: (body: number) => Promise<number> },
): Promise<void> {
  const run = { database, checkpoint: "own", source: "boto" };
  const all = await runJob(run);
  deepStrictEqual((await runJob(run)).deliveries, 0, "after a stop between batches no delivery is repeated");
  await split();
  const later = await putMore(9);
  const { killed } = await runJob({ ...run, kill: { point: "before commit", nth: 1 } });
  const last = await putMore(10);
  const { deliveries } = await runJob(run);
  deepStrictEqual([killed, deliveries], [true, later + last], "the killed batch and the later records are applied");
  console.log(`own reader: ${all.deliveries} deliveries, ${later} after a split, and ${last} after a kill`);
}

async function scenario(kinesis: Kinesalite): Promise<void> {
  const database = await newDatabase();
  await kinesis.createStream("flightline", 2);
  const env = {
    FLIGHTLINE_POSTGRES: database.href,
    FLIGHTLINE_STREAM: "kinesis:flightline",
    FLIGHTLINE_OBJECTS: `file:${path.join(folder, "objects")}`,
    AWS_ENDPOINT_URL: kinesis.url,
  };
  Object.assign(process.env, env);
  const adapters = await openAdapters({ env, data: folder });
  mkdirSync(files, { recursive: true });
  const forward = forwarder(adapters);
  const bodies = await simulatedBodies(12, { seed: Number(seed), aircraft: 80 });
  let rows = await put(adapters, bodies.slice(0, 6));
  await kinesis.client.send(
    new PutRecordsCommand({
      StreamName: "flightline",
      Records: BROKEN.map((Data, i) => ({ Data, PartitionKey: `broken ${i}` })),
    }),
  );
  await forward();
  const killed: string[] = [];
  while (killed.length < KILLS) {
    const point = pick(POINTS, next());
    // a later run is certain to have only one batch
    const kill = { point, nth: killed.length === 0 ? 1 + Math.floor(2 * next()) : 1 };
    if ((await runJob({ database, checkpoint: "first", files_per_batch: 3, kill })).killed) killed.push(point);
    await balancedCounts(adapters);
    if (killed.length < KILLS) rows += await put(adapters, bodies.slice(6 + killed.length, 7 + killed.length));
    await forward();
  }
  await runJob({ database, checkpoint: "first", files_per_batch: 3 });
  const first = await balancedCounts(adapters);
  deepStrictEqual([first.received, first.rejected > BROKEN.length], [rows + 5, true]);
  const rejected = await quarantined(adapters.objects);
  deepStrictEqual(rejected.length, first.rejected);
  const [notGzip = "", badHeader = ""] = BROKEN.map((data) => data.toString("base64"));
  for (const [reason, content] of [
    ["not_gzip", notGzip],
    ["bad_header", badHeader],
    ["not_json", Buffer.from('{"icao24":1,').toString("base64")],
    ["not_utf8", Buffer.from("\xff", "latin1").toString("base64")],
    ["not_an_object", "[1]"],
  ])
    deepStrictEqual(
      rejected.some((rejection) => rejection.reason === reason && (rejection.bytes ?? rejection.row) === content),
      true,
      `the quarantine contains the ${reason} record unchanged`,
    );

  let more = 0;
  const putMore = async (body: number): Promise<number> => {
    more += await put(adapters, bodies.slice(body, body + 1));
    return forward();
  };
  if (part === "own-reader" && version !== "3.5")
    await testOwnReader(database, { split: () => splitOne(kinesis, "flightline"), putMore });
  await splitOne(kinesis, "flightline");
  await putMore(11);
  await runJob({ database, checkpoint: "second", files_per_batch: 7 });
  const second = await balancedCounts(adapters);
  deepStrictEqual(second.received, rows + 5 + more);
  deepStrictEqual(new Set(await lakeRows(adapters)).size, second.accepted);
  // the TypeScript engine finds only repeats on the same stream, database and lake
  const { signal } = new AbortController();
  await consumeStream({ ...adapters, source: "opensky", lake: "parquet" }, { signal, untilEmpty: true });
  deepStrictEqual(await balancedCounts(adapters), second);
  await compact(adapters.objects, { format: "parquet", now_s: Date.now() / 1000 + 86_400 });
  const lake = await lakeRows(adapters);
  deepStrictEqual([lake.length, new Set(lake).size], [second.accepted, second.accepted]);
  console.log(
    `Spark ${version}, seed ${seed}: killed at ${killed.join(", ")}; ${JSON.stringify(second)}; replayed with other bounds and ${more} new rows, then by the TypeScript engine`,
  );
  await adapters.close();
}

const kinesis = await startKinesalite();
try {
  await scenario(kinesis);
} finally {
  await kinesis.close();
  rmSync(folder, { recursive: true, force: true });
}
