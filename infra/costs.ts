import { readFileSync } from "node:fs";

/** Prints the costs of a deployment from the dated prices in prices.json: `npx tsx infra/costs.ts`. */
const prices = JSON.parse(readFileSync(new URL("prices.json", import.meta.url), "utf8")) as Record<string, number> & {
  glue_dpu_hour: Record<string, number>;
};
const price = (name: string): number => {
  const usd = prices[name];
  if (typeof usd !== "number") throw new Error(`prices.json has no price ${name}: add it as a number in USD`);
  return usd;
};

/** Hours of a month. */
const HOURS = 730;
const DPU_PER_WORKER = 0.25;
const WORKERS = 2;
const ZONES = 2;
const ENDPOINTS = 1;
const ALARMS = 30;
const ROWS_A_BODY = 500;
const ROWS_A_RECORD = 800;
const ROW_BYTES = 350;
/** Bytes of one row on the stream, in gzip. */
const STREAM_BYTES = 30;
const GB = 1e9;
const MILLION = 1e6;

/** USD a month while no data arrives. */
const idle: [string, number][] = [
  ["stream on demand", HOURS * price("kinesis_stream_hour_on_demand")],
  [
    "or one shard, retention of 7 days",
    HOURS * (price("kinesis_shard_hour") + price("kinesis_long_retention_shard_hour")),
  ],
  [`Glue 6.0, ${WORKERS} workers G.025X`, HOURS * WORKERS * DPU_PER_WORKER * (prices.glue_dpu_hour["6.0"] ?? 0)],
  [`Glue 5.1, ${WORKERS} workers G.025X`, HOURS * WORKERS * DPU_PER_WORKER * (prices.glue_dpu_hour["5.1"] ?? 0)],
  ["Aurora, paused", 0],
  ["Aurora, never paused, at half an ACU", (HOURS * price("aurora_acu_hour")) / 2],
  [
    `${ENDPOINTS} interface endpoint in ${ZONES} zones`,
    HOURS * ENDPOINTS * ZONES * price("interface_endpoint_az_hour"),
  ],
  [`${ALARMS} alarms`, ALARMS * price("alarm_month")],
];

const requests = MILLION / ROWS_A_BODY;
const records = MILLION / ROWS_A_RECORD;
/** DynamoDB writes of a row: one in the history. The newest row of an aircraft needs two more, in its table and its index. */
const writes = { min: 1, max: 3 };

/** USD for a million states. */
const perMillion: [string, number][] = [
  [`API, ${ROWS_A_BODY} rows a request`, (requests / MILLION) * price("api_requests_million")],
  ["S3, four objects a request", (4 * requests * price("s3_puts_thousand")) / 1_000],
  [
    "Lambda, two calls a request of 0.3 s and 1 GB",
    2 * requests * (0.3 * price("lambda_gb_s") + price("lambda_requests_million") / MILLION),
  ],
  ["DynamoDB, history only", writes.min * price("dynamodb_writes_million")],
  ["DynamoDB, every row the newest of its aircraft", writes.max * price("dynamodb_writes_million")],
  [
    `stream on demand, ${ROWS_A_RECORD} rows a record`,
    (MILLION * STREAM_BYTES * (price("kinesis_gb_in_on_demand") + price("kinesis_gb_out_on_demand"))) / GB,
  ],
  [`stream of shards, ${ROWS_A_RECORD} rows a record`, (records * price("kinesis_put_units_million")) / MILLION],
  ["a month of DynamoDB storage", (MILLION * ROW_BYTES * price("dynamodb_gb_month")) / GB],
];

const table = (title: string, rows: readonly [string, number][]): string =>
  [
    `| ${title} | USD |`,
    "| --- | --- |",
    ...rows.map(([item, usd]) => `| ${item} | ${usd.toFixed(usd < 0.1 ? 4 : 2)} |`),
  ].join("\n");

console.log(`Prices of ${String(prices["date"])}, ${String(prices["region"])}.\n`);
console.log(`${table("a month, idle", idle)}\n`);
console.log(table("a million states", perMillion));
