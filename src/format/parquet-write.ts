import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from "hyparquet-writer";
import { flagText } from "../flight/batch.ts";
import { contractVersion, type Field, type ParquetType } from "../flight/contract.ts";
import { columnOf, storedFields, type StoredRows } from "./stored.ts";

/** A Parquet file that is written one row group at a time. */
export interface ParquetFile {
  write(rows: StoredRows): void;
  /** Returns the bytes that were encoded since the last call. */
  take(): Buffer;
  /** Writes the footer. The next `take` returns the end of the file. */
  finish(): void;
}

const physical: Record<ParquetType, Omit<SchemaElement, "name">> = {
  STRING: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  DOUBLE: { type: "DOUBLE" },
  BOOLEAN: { type: "BOOLEAN" },
  INT64: { type: "INT64" },
  INT32: { type: "INT32" },
};

/** The schema of Flightline's Parquet files. Every column is OPTIONAL, as in files that Spark writes. */
export const parquetSchema = (fields: readonly Field[]): SchemaElement[] => [
  { name: "flightline", num_children: fields.length },
  ...fields.map(({ name, parquet }) => ({ name, ...physical[parquet], repetition_type: "OPTIONAL" as const })),
];

/** Starts a file with the columns of `example`. */
export function parquetFile(example: StoredRows): ParquetFile {
  const sink = new ByteWriter(1 << 16);
  const writer = new ParquetWriter({
    writer: sink,
    schema: parquetSchema(storedFields(example)),
    kvMetadata: [{ key: "flightline.contract", value: contractVersion }],
    createdBy: "flightline",
  });
  return {
    write: (rows) => void writer.write({ columnData: columnData(rows), rowGroupSize: Math.max(1, rows.batch.rows) }),
    take() {
      const bytes = Buffer.from(sink.getBytes());
      sink.index = 0;
      return bytes;
    },
    finish: () => void writer.finish(),
  };
}

/** Encodes a whole Parquet file with one row group. */
export function writeParquet(rows: StoredRows): Buffer {
  const file = parquetFile(rows);
  file.write(rows);
  file.finish();
  return file.take();
}

const columnData = (rows: StoredRows): ColumnSource[] =>
  storedFields(rows).map((field) => ({ name: field.name, data: values(rows, field) as ColumnSource["data"] }));

function values(rows: StoredRows, { name, kind, parquet }: Field): unknown[] {
  const { rows: count } = rows.batch;
  const column = columnOf(rows, name);
  const out = Array.from<unknown>({ length: count });
  if (name === "flags") for (let i = 0; i < count; i++) out[i] = flagText(column[i] as number);
  else if (kind === "boolean") for (let i = 0; i < count; i++) out[i] = column[i] === 1;
  else if (kind === "text") for (let i = 0; i < count; i++) out[i] = column[i];
  else if (parquet === "INT64") wideIntegers(column as Float64Array, out);
  else for (let i = 0; i < count; i++) out[i] = Number.isNaN(column[i]) ? null : column[i];
  return out;
}

/** The library accepts INT64 only as bigint. Neighboring rows often have the same time, so the last bigint is reused. */
function wideIntegers(column: Float64Array, out: unknown[]): void {
  let last = NaN;
  let wide: bigint | null = null;
  for (let i = 0; i < out.length; i++) {
    const value = column[i] ?? NaN;
    if (value !== last) {
      last = value;
      wide = Number.isNaN(value) ? null : BigInt(value);
    }
    out[i] = wide;
  }
}
