import { Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { tableName, tables } from "../src/aws/dynamo/tables.ts";
import type { DataStack } from "./data-stack.ts";
import { usesDynamo, type Settings } from "./settings.ts";

/** What a function may do: actions on resources that are named, no more. */
export const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions,
    resources,
    ...(conditions === undefined ? {} : { conditions }),
  });

/** Objects below prefixes of the bucket, and the key that they are encrypted with. */
export const objects = ({ bucket, key }: DataStack, prefixes: string[], actions: string[]): PolicyStatement[] => [
  allow(
    actions,
    prefixes.map((prefix) => bucket.arnForObjects(`${prefix}/*`)),
  ),
  allow(["kms:Decrypt", "kms:GenerateDataKey"], [key.keyArn]),
];

/**
 * Listing is of the bucket; the prefixes are a condition. Who may not list is told 403 instead of 404 when an object it gets
 * is missing, and a get names no prefix: so the condition holds where there is one.
 */
export const listing = ({ bucket }: DataStack, prefixes: string[]): PolicyStatement =>
  allow(["s3:ListBucket"], [bucket.bucketArn], {
    StringLikeIfExists: { "s3:prefix": prefixes.map((prefix) => `${prefix}/*`) },
  });

const READ_STREAM = ["GetRecords", "GetShardIterator", "DescribeStream", "DescribeStreamSummary", "ListShards"];

/** A stream to read, and the key that it is encrypted with. */
export const streamReading = (streamArn: string, { keyArn }: IKey): PolicyStatement[] => [
  allow(
    READ_STREAM.map((action) => `kinesis:${action}`),
    [streamArn],
  ),
  allow(["kms:Decrypt"], [keyArn]),
];

const tableArn = (scope: Construct, settings: Settings, table: keyof typeof tables): string =>
  Stack.of(scope).formatArn({ service: "dynamodb", resource: "table", resourceName: tableName(settings.name, table) });

const READ = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:DescribeTable"];
const WRITE = ["dynamodb:PutItem", "dynamodb:UpdateItem"];

/** What DynamoDB asks of a caller whose table has a key of ours. */
const KEY_USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"];

/** The tables of the deployment, to read or also to write; none where DynamoDB is not its database. */
export function dynamo(data: DataStack, settings: Settings, use: "read" | "write"): PolicyStatement[] {
  if (!usesDynamo(settings)) return [];
  const names = ["aircraft", "states", "batches"] as const;
  const arns = names.map((table) => tableArn(data, settings, table));
  return [
    allow(use === "read" ? READ : [...READ, ...WRITE], arns),
    allow(["dynamodb:Query"], [`${tableArn(data, settings, "aircraft")}/index/${tables.aircraft.index.name}`]),
    allow(KEY_USE, [data.key.keyArn], {
      StringEquals: { "kms:ViaService": `dynamodb.${data.region}.amazonaws.com` },
    }),
  ];
}
