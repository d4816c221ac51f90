import { deepStrictEqual } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import pg from "pg";
import { openAdapters, type Adapters } from "../../../src/server/adapters.ts";
import { compact, readLakeFile } from "../../../src/flow/lake/compact.ts";
import { consume as consumeStream } from "../../../src/flow/stream/consume.ts";
import { producer } from "../../../src/flow/stream/produce.ts";
import { migrate } from "../../../src/postgres/migrate.ts";
import { newPool } from "../../../src/postgres/transaction.ts";
import { pick, sequence } from "../../../src/source/simulation/random.ts";
import { startKinesalite, type Kinesalite } from "../aws/kinesalite.ts";
import { splitOne } from "../aws/reshard.ts";
import { simulatedBodies } from "../bodies.ts";
import { quarantined } from "../quarantine.ts";
import { writeRecords } from "./raw-records.ts";
import { jdbcJar, python } from "./tools.ts";

/**
 * Producer -> Kinesis -> the job on Spark -> PostgreSQL and lake, with kill -9 at named points:
 *   npx tsx test/harness/spark/stream.ts 3.5|4.1 SEED SERVER-DSN [own-reader]
 * A forwarder reads Kinesis and writes a Parquet file of raw records per call, which the job reads as a file stream; with
 * `own-reader`, on 4.1, the job's own reader of Kinesis is stopped, killed and sees a split too.
 */
const [version = "", seed = "1", dsn = "", part = ""] = process.argv.slice(2);
const KILLS = 2;
/** Each run of the job is a JVM of half a minute: what compiles slowly never pays. */
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
const RECORDS_A_FILE = 8;
const POISON = [
  Buffer.from("\x1f\x8bnot gzip", "latin1"),
  Buffer.from('{"flightline":2}\n{}'),
  Buffer.from('{"icao24":1,\n\xff\n[1]\n', "latin1"),
];

const next = sequence(Number(seed), "stream");
const folder = mkdtempSync(path.join(tmpdir(), "flightline-spark-stream-"));
const files = path.join(folder, "records");

/** A migrated database of its own. */
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

/** What is on the stream and was not forwarded, a file per call as a reader would get it. */
function forwarder({ stream }: Adapters) {
  const positions = new Map<string, string>();
  let written = 0;
  return async (): Promise<number> => {
    let forwarded = 0;
    for (const { id } of await stream.shards())
      for (;;) {
        const { records } = await stream.read(id, positions.get(id) ?? null, RECORDS_A_FILE);
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
  files_a_batch?: number;
  /** Where records are read from; else the files. */
  source?: string;
  kill?: { point: string; nth: number };
}

/** Runs the job over what is there. Whether it was killed, else it came to its end; and how many deliveries it applied. */
async function runJob(given: Run): Promise<{ killed: boolean; deliveries: number }> {
  const { database, checkpoint, files_a_batch = 100, source = `files:${files}`, kill } = given;
  const jdbc = `jdbc:postgresql://${database.host}${database.pathname}?user=${database.username}&password=${database.password}`;
  const options = [
    ...["--plan", "glue/plan.json", "--stream", "flightline", "--objects", `file:${path.join(folder, "objects")}`],
    ...["--postgres", jdbc, "--source", source, "--until-empty"],
    ...[
      "--kinesis-endpoint",
      process.env["AWS_ENDPOINT_URL"] ?? "",
      "--checkpoint",
      path.join(folder, checkpoint),
      "--files-a-batch",
      String(files_a_batch),
      "--partitions",
      "2",
    ],
  ];
  const spark = `--master local[2] --driver-memory 2g --driver-java-options "${JAVA}" --jars ${jdbcJar} --conf spark.ui.enabled=false pyspark-shell`;
  const child = spawn(
    python(`spark-${version}`),
    ["glue/victim.py", kill?.point ?? "-", String(kill?.nth ?? 0), ...options],
    {
      // a group of its own: the JVM dies with its driver
      detached: true,
      env: { ...process.env, PYSPARK_SUBMIT_ARGS: spark, PYSPARK_PYTHON: python(`spark-${version}`) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let [tail, told] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (told += text.toString()));
  child.stderr.on("data", (text: Buffer) => (tail = (tail + text.toString()).slice(-4_000)));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (signal === null && code !== 0) throw new Error(`the job ended with ${code}: ${tail}`);
  const applied = [...told.matchAll(/"batch applied".*"deliveries": (\d+)/g)].map(([, number]) => Number(number));
  return { killed: signal === "SIGKILL", deliveries: applied.reduce((sum, number) => sum + number, 0) };
}

async function put(world: Adapters, bodies: readonly Uint8Array[]): Promise<number> {
  const to = producer(world.stream, { signal: new AbortController().signal, groups: 8, source: "simulated" });
  for (const body of bodies) {
    await to.add(body, "application/json");
    await to.flush();
  }
  return to.rows_put;
}

/** The stream's report; both equations hold, or this throws. */
async function balanced({ counter }: Adapters) {
  const [, stream] = await counter.count();
  deepStrictEqual([stream?.balanced, stream?.unbalanced], [true, []]);
  const { received = 0, accepted = 0, duplicate = 0, rejected = 0 } = stream ?? {};
  return { received, accepted, duplicate, rejected };
}

/** The identity of each row of the lake, read from files that Spark wrote, or `compact` from them. */
async function lakeRows({ objects }: Adapters): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of objects.list("lake/")) {
    const { batch } = await readLakeFile(objects, key);
    const { source, icao24, last_contact, time_position } = batch.columns;
    for (let i = 0; i < batch.rows; i++)
      found.push([source[i], icao24[i], last_contact[i], time_position[i]].join(" "));
  }
  return found;
}

/** By the job's own reader of Kinesis: stopped, then a split; killed, then more; nothing is read anew that was done. */
async function resumed(
  database: URL,
  { split, putMore }: { split: () => Promise<void>; putMore: (body: number) => Promise<number> },
): Promise<void> {
  const run = { database, checkpoint: "own", source: "boto" };
  const all = await runJob(run);
  deepStrictEqual((await runJob(run)).deliveries, 0, "a stop between batches repeats none");
  await split();
  const later = await putMore(9);
  const { killed } = await runJob({ ...run, kill: { point: "before commit", nth: 1 } });
  const last = await putMore(10);
  const { deliveries } = await runJob(run);
  deepStrictEqual([killed, deliveries], [true, later + last], "the batch that was killed, then what came after it");
  console.log(`by boto: ${all.deliveries} deliveries, then a split and ${later}, killed, then ${last} more`);
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
  const world = await openAdapters({ env, data: folder });
  mkdirSync(files, { recursive: true });
  const forward = forwarder(world);
  const bodies = await simulatedBodies(12, { seed: Number(seed), aircraft: 80 });
  let rows = await put(world, bodies.slice(0, 6));
  await kinesis.client.send(
    new PutRecordsCommand({
      StreamName: "flightline",
      Records: POISON.map((Data, i) => ({ Data, PartitionKey: `poison ${i}` })),
    }),
  );
  await forward();
  const killed: string[] = [];
  while (killed.length < KILLS) {
    const point = pick(POINTS, next());
    // of later runs only the first batch is sure to come
    const kill = { point, nth: killed.length === 0 ? 1 + Math.floor(2 * next()) : 1 };
    if ((await runJob({ database, checkpoint: "first", files_a_batch: 3, kill })).killed) killed.push(point);
    await balanced(world);
    if (killed.length < KILLS) rows += await put(world, bodies.slice(6 + killed.length, 7 + killed.length));
    await forward();
  }
  await runJob({ database, checkpoint: "first", files_a_batch: 3 });
  const first = await balanced(world);
  deepStrictEqual([first.received, first.rejected > POISON.length], [rows + 5, true]);
  const poisoned = await quarantined(world.objects);
  deepStrictEqual(poisoned.length, first.rejected);
  const [notGzip = "", badHeader = ""] = POISON.map((data) => data.toString("base64"));
  for (const [reason, what] of [
    ["not_gzip", notGzip],
    ["bad_header", badHeader],
    ["not_json", Buffer.from('{"icao24":1,').toString("base64")],
    ["not_utf8", Buffer.from("\xff", "latin1").toString("base64")],
    ["not_an_object", "[1]"],
  ])
    deepStrictEqual(
      poisoned.some(({ reason: why, bytes, row }) => why === reason && (bytes ?? row) === what),
      true,
      `${reason} is in quarantine as it came`,
    );

  let more = 0;
  const putMore = async (body: number): Promise<number> => {
    more += await put(world, bodies.slice(body, body + 1));
    return forward();
  };
  if (part === "own-reader" && version !== "3.5")
    await resumed(database, { split: () => splitOne(kinesis, "flightline"), putMore });
  await splitOne(kinesis, "flightline");
  await putMore(11);
  await runJob({ database, checkpoint: "second", files_a_batch: 7 });
  const second = await balanced(world);
  deepStrictEqual(second.received, rows + 5 + more);
  deepStrictEqual(new Set(await lakeRows(world)).size, second.accepted);
  // the other engine on the same stream and stores finds nothing that is new
  const { signal } = new AbortController();
  await consumeStream({ ...world, source: "opensky", lake: "parquet" }, { signal, untilEmpty: true });
  deepStrictEqual(await balanced(world), second);
  await compact(world.objects, { format: "parquet", now_s: Date.now() / 1000 + 86_400 });
  const lake = await lakeRows(world);
  deepStrictEqual([lake.length, new Set(lake).size], [second.accepted, second.accepted]);
  console.log(
    `Spark ${version}, seed ${seed}: killed ${killed.join(", ")}; ${JSON.stringify(second)}; replayed from the start with other bounds and ${more} new rows, and by the other engine`,
  );
  await world.close();
}

const kinesis = await startKinesalite();
try {
  await scenario(kinesis);
} finally {
  await kinesis.close();
  rmSync(folder, { recursive: true, force: true });
}
