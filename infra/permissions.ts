import { Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { tableName, tables } from "../src/aws/dynamo/tables.ts";
import { PREFIXES, type ObjectFamily } from "../src/flow/objects/keys.ts";
import type { DataStack } from "./data-stack.ts";
import { usesDynamo, type Settings } from "./settings.ts";

/** Allows actions on resources. */
export const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions,
    resources,
    ...(conditions === undefined ? {} : { conditions }),
  });

/** Allows actions on kinds of objects of the bucket, and the use of their encryption key. */
export const objects = ({ bucket, key }: DataStack, kinds: ObjectFamily[], actions: string[]): PolicyStatement[] => [
  allow(
    actions,
    kinds.map((kind) => bucket.arnForObjects(`${PREFIXES[kind]}*`)),
  ),
  allow(["kms:Decrypt", "kms:GenerateDataKey"], [key.keyArn]),
];

/**
 * Allows listing kinds of objects of the bucket. Without this permission S3 answers 403 instead of 404 to a get of a missing
 * object. A get has no prefix, so the condition on the prefix applies only to requests that have one (`IfExists`).
 */
export const listing = ({ bucket }: DataStack, kinds: readonly ObjectFamily[]): PolicyStatement =>
  allow(["s3:ListBucket"], [bucket.bucketArn], {
    StringLikeIfExists: { "s3:prefix": kinds.map((kind) => `${PREFIXES[kind]}*`) },
  });

const READ_STREAM = ["GetRecords", "GetShardIterator", "DescribeStream", "DescribeStreamSummary", "ListShards"];

/** Allows reading a stream, and the use of its encryption key. */
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

/** The actions on a table's encryption key that DynamoDB requires of its callers. */
const KEY_USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"];

/** Allows reading, or reading and writing, the deployment's tables. Empty for a deployment without DynamoDB. */
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
