import { renameSync, writeFileSync } from "node:fs";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { StreamRecord } from "../../../src/flow/ports.ts";

/** Writes a Parquet file of raw records in Kinesis's columns. It is renamed when complete, so the job never reads a partial file. */
export function writeRecords(file: string, records: readonly StreamRecord[]): void {
  const sink = new ByteWriter();
  const column = (name: string, type: "BYTE_ARRAY" | "STRING" | "TIMESTAMP", data: unknown[]) => ({ name, type, data });
  const writer = new ParquetWriter({
    writer: sink,
    schema: [
      { name: "records", num_children: 4 },
      { name: "data", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      ...["partitionKey", "sequenceNumber"].map(
        (name) => ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }) as const,
      ),
      {
        name: "approximateArrivalTimestamp",
        type: "INT64",
        converted_type: "TIMESTAMP_MILLIS",
        repetition_type: "OPTIONAL",
      },
    ],
  });
  const columnData = [
    column(
      "data",
      "BYTE_ARRAY",
      records.map(({ data }) => data),
    ),
    column(
      "partitionKey",
      "STRING",
      records.map(({ partition_key }) => partition_key),
    ),
    column(
      "sequenceNumber",
      "STRING",
      records.map(({ sequence_number }) => sequence_number),
    ),
    column(
      "approximateArrivalTimestamp",
      "TIMESTAMP",
      records.map(({ arrived_at }) => new Date(arrived_at * 1000)),
    ),
  ];
  void writer.write({ columnData: columnData.map(({ name, data }) => ({ name, data })) as never });
  void writer.finish();
  writeFileSync(`${file}.partial`, sink.getBytes());
  renameSync(`${file}.partial`, file);
}
