import { Stack } from "aws-cdk-lib";
import { CfnDatabase, CfnTable } from "aws-cdk-lib/aws-glue";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { fields, systemFields, type ParquetType } from "../src/flight/contract.ts";
import { PREFIXES } from "../src/flow/objects/keys.ts";
import type { Settings } from "./settings.ts";

const types: Record<ParquetType, string> = {
  STRING: "string",
  DOUBLE: "double",
  BOOLEAN: "boolean",
  INT64: "bigint",
  INT32: "int",
};
const INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
const OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";
const TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat";
const TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";

/**
 * The lake as a table of the Glue catalog. Athena derives the partitions from the query (partition projection), so no crawler
 * runs and new files are visible immediately.
 */
export function lakeTable(scope: Construct, settings: Settings, bucket: IBucket): CfnTable {
  const catalogId = Stack.of(scope).account;
  const name = settings.name.replaceAll("-", "_");
  const database = new CfnDatabase(scope, "Lake", { catalogId, databaseInput: { name } });
  const location = `s3://${bucket.bucketName}/${PREFIXES.lakeHours}`;
  const isParquet = settings.lake === "parquet";
  const table = new CfnTable(scope, "StateVectors", {
    catalogId,
    databaseName: name,
    tableInput: {
      name: "state_vectors",
      tableType: "EXTERNAL_TABLE",
      partitionKeys: [
        { name: "day", type: "string" },
        { name: "hour", type: "string" },
      ],
      parameters: {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": "2013-01-01,NOW+1DAYS",
        "projection.hour.type": "integer",
        "projection.hour.range": "0,23",
        "projection.hour.digits": "2",
        "storage.location.template": `${location}day=\${day}/hour=\${hour}/`,
      },
      storageDescriptor: {
        location,
        columns: [...fields, ...systemFields].map((field) => ({
          name: field.name,
          type: types[field.parquet],
          comment: field.unit === null ? field.about : `${field.about}; ${field.unit}`,
        })),
        inputFormat: isParquet ? INPUT : TEXT_INPUT,
        outputFormat: isParquet ? OUTPUT : TEXT_OUTPUT,
        serdeInfo: {
          serializationLibrary: isParquet
            ? "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
            : "org.openx.data.jsonserde.JsonSerDe",
        },
      },
    },
  });
  table.addResourceDependency(database);
  return table;
}
