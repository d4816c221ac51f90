import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fieldTable, jsonSchemas, parquetColumns } from "../flight/documents.ts";
import { sparkSql } from "../spark/plan.ts";
import { FAILED, OK, oneOf, text, usageError, type Command } from "./command.ts";
import { checkedInFiles, currentPlan } from "./derived.ts";

export const contract: Command = {
  name: "contract",
  summary: "print the format of a record: fields, JSON Schemas, Parquet columns or Spark SQL",
  help: `contract --show FORMAT | --write FOLDER | --check FOLDER

  --show FORMAT    Prints the record as fields, json-schema, parquet or spark-sql.
  --write FOLDER   Writes the derived files of the Flightline checkout in FOLDER, such as docs/record.md.
  --check FOLDER   Exits with code 1 if a derived file of the checkout in FOLDER is stale.

Examples:
  flightline contract --show fields`,
  options: { show: { type: "string" }, write: { type: "string" }, check: { type: "string" } },
  async run(args, io) {
    const [write, check] = [text(args, "write"), text(args, "check")];
    if (write !== undefined) {
      for (const { file, content } of checkedInFiles()) writeFileSync(path.join(write, file), content);
      return OK;
    }
    if (check !== undefined) {
      const stale = checkedInFiles().filter(
        ({ file, content }) => readFileSync(path.join(check, file), "utf8") !== content,
      );
      for (const { file } of stale) io.err(`${file} is stale: run flightline contract --write .\n`);
      return stale.length === 0 ? OK : FAILED;
    }
    const show = oneOf(args, "show", ["fields", "json-schema", "parquet", "spark-sql"]);
    if (show === undefined)
      throw usageError("option --show is missing: use --show fields, json-schema, parquet or spark-sql");
    const print = {
      fields: fieldTable,
      "json-schema": jsonSchemas,
      parquet: parquetColumns,
      "spark-sql": () => sparkSql(currentPlan()),
    };
    io.out(print[show]());
    return OK;
  },
};
