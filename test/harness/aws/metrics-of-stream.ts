import { CloudWatchClient, type GetMetricDataCommandInput, type MetricDataResult } from "@aws-sdk/client-cloudwatch";
import { sequence } from "../../../src/source/simulation/random.ts";

const CAPACITY = { bytes: 60 * 1024 * 1024, records: 60_000 };
const LATE_MIN = 3;
const LOST = 0.02;

/** CloudWatch for one stream: what a load leaves in its metrics, three minutes late, one minute of fifty never told. */
export class MetricsOfStream {
  readonly #told: { at: number; values: Record<string, number> }[] = [];
  readonly #next = sequence(11, "metrics");

  /** A minute's load, kB and records, on so many shards: what they take counts as put, the rest as throttled. */
  add(at: number, [kb = 0, records = 0]: readonly number[], shards: number): void {
    const bytes = kb * 1_000;
    const share = Math.min(1, (shards * CAPACITY.bytes) / bytes, (shards * CAPACITY.records) / records);
    const values = { bytes: bytes * share, records: records * share, throttled: records * (1 - share), reads: 60 };
    if (this.#next() >= LOST) this.#told.push({ at, values });
  }

  /** A client that answers GetMetricData as it stood at `now_s`. Nothing of a metric that counted nothing. */
  client(now_s: () => number): CloudWatchClient {
    const client = new CloudWatchClient({ region: "us-east-1", credentials: { accessKeyId: "", secretAccessKey: "" } });
    client.middlewareStack.add(
      () => async (args) => {
        const { MetricDataQueries = [], StartTime, EndTime } = args.input as GetMetricDataCommandInput;
        const until = Math.min(Number(EndTime) / 1000, now_s() - LATE_MIN * 60);
        const known = this.#told.filter(({ at }) => at * 1000 >= Number(StartTime) && at + 60 <= until);
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
