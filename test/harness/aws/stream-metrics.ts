import { CloudWatchClient, type GetMetricDataCommandInput, type MetricDataResult } from "@aws-sdk/client-cloudwatch";
import { sequence } from "../../../src/source/simulation/random.ts";

/** The load of one minute that one shard accepts. */
const SHARD_CAPACITY = { bytes: 60 * 1024 * 1024, records: 60_000 };
const DELAY_MIN = 3;
const MISSING_SHARE = 0.02;

/**
 * Simulates CloudWatch's metrics of one stream. As on AWS they are incomplete: they appear three minutes late, and one minute
 * of fifty never appears.
 */
export class StreamMetrics {
  readonly #minutes: { at: number; values: Record<string, number> }[] = [];
  readonly #next = sequence(11, "metrics");

  /**
   * Adds the load of the minute that begins at `at` (Unix seconds), in kB and records. The part that fits the shards counts
   * as put, and the rest as throttled.
   */
  add(at: number, [kb = 0, records = 0]: readonly number[], shards: number): void {
    const bytes = kb * 1_000;
    const share = Math.min(1, (shards * SHARD_CAPACITY.bytes) / bytes, (shards * SHARD_CAPACITY.records) / records);
    const values = { bytes: bytes * share, records: records * share, throttled: records * (1 - share), reads: 60 };
    if (this.#next() >= MISSING_SHARE) this.#minutes.push({ at, values });
  }

  /** A client that answers GetMetricData with the metrics known at `now_s`. Minutes with a value of 0 have no data point. */
  client(now_s: () => number): CloudWatchClient {
    const client = new CloudWatchClient({ region: "us-east-1", credentials: { accessKeyId: "", secretAccessKey: "" } });
    client.middlewareStack.add(
      () => async (args) => {
        const { MetricDataQueries = [], StartTime, EndTime } = args.input as GetMetricDataCommandInput;
        const until = Math.min(Number(EndTime) / 1000, now_s() - DELAY_MIN * 60);
        const known = this.#minutes.filter(({ at }) => at * 1000 >= Number(StartTime) && at + 60 <= until);
        const MetricDataResults = MetricDataQueries.map(({ Id = "" }): MetricDataResult => {
          const counted = known.filter(({ values }) => (values[Id] ?? 0) > 0);
          return {
            Id,
            Timestamps: counted.map(({ at }) => new Date(at * 1000)),
            Values: counted.map(({ values }) => values[Id] ?? 0),
          };
        });
        return { output: { $metadata: {}, MetricDataResults }, response: {} };
      },
      { step: "initialize" },
    );
    return client;
  }
}
