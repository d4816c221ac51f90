import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from "hyparquet-writer";
import { flagText } from "../flight/batch.ts";
import { contractVersion, type Field, type ParquetType } from "../flight/contract.ts";
import { columnOf, storedFields, type StoredRows } from "./stored.ts";

/** A Parquet file that is written row group by row group; `take` empties what was encoded so far. */
export interface ParquetFile {
  write(of: StoredRows): void;
  take(): Buffer;
  /** Writes the footer; the file is complete with the next `take`. */
  finish(): void;
}

const physical: Record<ParquetType, Omit<SchemaElement, "name">> = {
  STRING: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  DOUBLE: { type: "DOUBLE" },
  BOOLEAN: { type: "BOOLEAN" },
  INT64: { type: "INT64" },
  INT32: { type: "INT32" },
};

/** The schema of our Parquet files; every column is OPTIONAL, as Spark writes them. */
export const parquetSchema = (fields: readonly Field[]): SchemaElement[] => [
  { name: "flightline", num_children: fields.length },
  ...fields.map(({ name, parquet }) => ({ name, ...physical[parquet], repetition_type: "OPTIONAL" as const })),
];

/** Starts a file whose columns are those of `like`. */
export function parquetFile(like: StoredRows): ParquetFile {
  const sink = new ByteWriter(1 << 16);
  const writer = new ParquetWriter({
    writer: sink,
    schema: parquetSchema(storedFields(like)),
    kvMetadata: [{ key: "flightline.contract", value: contractVersion }],
    createdBy: "flightline",
  });
  return {
    write: (of) => void writer.write({ columnData: columnData(of), rowGroupSize: Math.max(1, of.batch.rows) }),
    take() {
      const bytes = Buffer.from(sink.getBytes());
      sink.index = 0;
      return bytes;
    },
    finish: () => void writer.finish(),
  };
}

/** One whole Parquet file. */
export function writeParquet(of: StoredRows): Buffer {
  const file = parquetFile(of);
  file.write(of);
  file.finish();
  return file.take();
}

const columnData = (of: StoredRows): ColumnSource[] =>
  storedFields(of).map((field) => ({ name: field.name, data: values(of, field) as ColumnSource["data"] }));

function values(of: StoredRows, { name, kind, parquet }: Field): unknown[] {
  const { rows } = of.batch;
  const column = columnOf(of, name);
  const out = Array.from<unknown>({ length: rows });
  if (name === "flags") for (let i = 0; i < rows; i++) out[i] = flagText(column[i] as number);
  else if (kind === "boolean") for (let i = 0; i < rows; i++) out[i] = column[i] === 1;
  else if (kind === "text") for (let i = 0; i < rows; i++) out[i] = column[i];
  else if (parquet === "INT64") wideIntegers(column as Float64Array, out);
  else for (let i = 0; i < rows; i++) out[i] = Number.isNaN(column[i]) ? null : column[i];
  return out;
}

/** The library takes INT64 as bigint only; times repeat, so the last one is kept. */
function wideIntegers(column: Float64Array, out: unknown[]): void {
  let last = NaN;
  let wide: bigint | null = null;
  for (let i = 0; i < out.length; i++) {
    const found = column[i] ?? NaN;
    if (found !== last) {
      last = found;
      wide = Number.isNaN(found) ? null : BigInt(found);
    }
    out[i] = wide;
  }
}
