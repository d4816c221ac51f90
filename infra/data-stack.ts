import { cleanFilesPrefix, PREFIXES } from "../src/flow/objects/keys.ts";
import { ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  Table as DynamoTable,
  TableEncryption,
} from "aws-cdk-lib/aws-dynamodb";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, type CfnBucket } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption, type CfnQueuePolicy } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { tableName, tables, type Table } from "../src/aws/dynamo/tables.ts";
import { lakeTable } from "./lake-table.ts";
import { usesDynamo, type Settings } from "./settings.ts";

/** The loader's timeout: a body of 64 MiB may hold 200,000 rows, and each is a put of DynamoDB. */
export const LOADER_TIMEOUT_S = 900;
/** A message is hidden a little longer than it can be worked on; what failed comes again after that. */
const HIDDEN_S = LOADER_TIMEOUT_S + 60;
const ATTEMPTS = 10;
const MAX_D = 14;

/** What is kept: objects, tables, the key they are encrypted with, and the queue that says which object arrived. */
export class DataStack extends Stack {
  readonly key: Key;
  readonly bucket: Bucket;
  readonly arrivals: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.key = dataKey(this, settings);
    this.deadLetters = queue(this, "DeadLetters", { retentionPeriod: Duration.days(MAX_D) });
    this.arrivals = queue(this, "Arrivals", {
      visibilityTimeout: Duration.seconds(HIDDEN_S),
      retentionPeriod: Duration.days(MAX_D),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: ATTEMPTS },
    });
    this.bucket = dataBucket(this, settings, this.key);
    notify(this.bucket, this.arrivals);
    if (usesDynamo(settings)) dynamoTables(this, settings, this.key);
    lakeTable(this, settings, this.bucket);
    new CfnOutput(this, "BucketName", { value: this.bucket.bucketName });
    new CfnOutput(this, "QueueUrl", { value: this.arrivals.queueUrl });
    new CfnOutput(this, "DeadLetterQueueUrl", { value: this.deadLetters.queueUrl });
  }
}

function dataKey(stack: Stack, { name }: Settings): Key {
  const key = new Key(stack, "Key", {
    enableKeyRotation: true,
    alias: `${name}-data`,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  // Glue names some groups itself where a job has a security configuration, and Aurora its own
  const logGroups = [`/flightline/${name}/*`, "/aws-glue/*", `/aws/rds/cluster/${name}/*`].map((resourceName) =>
    stack.formatArn({
      service: "logs",
      resource: "log-group",
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
      actions: ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
      resources: ["*"],
      conditions: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": logGroups } },
    }),
  );
  return key;
}

/** SQS encrypts with a key of its own: one key on a bucket and on the queue it notifies would be a circle. */
const queue = (stack: Stack, id: string, props: ConstructorParameters<typeof Queue>[2]): Queue =>
  new Queue(stack, id, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, ...props });

function dataBucket(stack: Stack, { retentionDays }: Settings, key: Key): Bucket {
  const kept = {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  };
  const accessLogs = new Bucket(stack, "AccessLogs", {
    ...kept,
    // S3 delivers its logs to no bucket with a key of ours
    encryption: BucketEncryption.S3_MANAGED,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [{ expiration: Duration.days(retentionDays.logs) }],
  });
  // not PREFIXES.raw: the maintenance function deletes its bodies and keeps its receipts, which every count reads
  const expiring = {
    clean: retentionDays.clean,
    rejected: retentionDays.rejected,
    replayed: retentionDays.rejected,
    lake: retentionDays.lake,
  };
  return new Bucket(stack, "Bucket", {
    ...kept,
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    serverAccessLogsBucket: accessLogs,
    serverAccessLogsPrefix: "bucket/",
    lifecycleRules: [
      ...Object.entries(expiring).map(([id, days]) => ({
        id,
        prefix: PREFIXES[id as keyof typeof expiring],
        expiration: Duration.days(days),
      })),
      { id: "unfinished", abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
  });
}

/** Set on the bucket itself: the library's own way is a function that no emulator runs. The queue must allow it before. */
function notify(bucket: Bucket, to: Queue): void {
  const stack = Stack.of(bucket);
  to.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal("s3.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [to.queueArn],
      // the bucket's own name would make a circle; one of this account is enough
      conditions: { StringEquals: { "aws:SourceAccount": stack.account } },
    }),
  );
  const resource = bucket.node.defaultChild as CfnBucket;
  resource.notificationConfiguration = {
    queueConfigurations: [
      {
        event: "s3:ObjectCreated:*",
        queue: to.queueArn,
        filter: { s3Key: { rules: [{ name: "prefix", value: cleanFilesPrefix }] } },
      },
    ],
  };
  resource.addResourceDependency(to.node.findChild("Policy").node.defaultChild as CfnQueuePolicy);
}

function dynamoTables(stack: Stack, { name }: Settings, encryptionKey: Key): void {
  const text = (attribute: string) => ({ name: attribute, type: AttributeType.STRING });
  for (const of of Object.keys(tables) as (keyof typeof tables)[]) {
    const { partition_key, sort_key, expires, index }: Table = tables[of];
    const table = new DynamoTable(stack, `Table${of}`, {
      tableName: tableName(name, of),
      partitionKey: text(partition_key),
      ...(sort_key === undefined ? {} : { sortKey: text(sort_key) }),
      ...(expires === undefined ? {} : { timeToLiveAttribute: expires }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    if (index !== undefined)
      table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: { name: index.partition_key, type: AttributeType.NUMBER },
        sortKey: text(index.sort_key),
        projectionType: ProjectionType.ALL,
      });
  }
}
