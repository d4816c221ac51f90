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
import { cleanFilesPrefix, PREFIXES } from "../src/flow/objects/keys.ts";
import { lakeTable } from "./lake-table.ts";
import { usesDynamo, type Settings } from "./settings.ts";

/** The loader's timeout. A body of 64 MiB may contain 200,000 rows, and each row is one put to DynamoDB. */
export const LOADER_TIMEOUT_S = 900;
/** The visibility timeout, a little longer than the loader can run. A failed message is redelivered after it. */
const VISIBILITY_S = LOADER_TIMEOUT_S + 60;
const ATTEMPTS = 10;
/** The longest retention of SQS. */
const MAX_RETENTION_D = 14;

/** The stores: objects, tables, their encryption key, and the queue that announces new objects. */
export class DataStack extends Stack {
  readonly key: Key;
  readonly bucket: Bucket;
  readonly arrivals: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.key = dataKey(this, settings);
    this.deadLetters = queue(this, "DeadLetters", { retentionPeriod: Duration.days(MAX_RETENTION_D) });
    this.arrivals = queue(this, "Arrivals", {
      visibilityTimeout: Duration.seconds(VISIBILITY_S),
      retentionPeriod: Duration.days(MAX_RETENTION_D),
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
  // Glue chooses names of log groups for a job with a security configuration, and so does Aurora
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

/** A queue encrypted with a key of SQS. The bucket's key would make a dependency cycle between bucket and queue. */
const queue = (stack: Stack, id: string, props: ConstructorParameters<typeof Queue>[2]): Queue =>
  new Queue(stack, id, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, ...props });

function dataBucket(stack: Stack, { retentionDays }: Settings, key: Key): Bucket {
  const common = {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  };
  const accessLogs = new Bucket(stack, "AccessLogs", {
    ...common,
    // S3 cannot deliver access logs to a bucket that a customer's key encrypts
    encryption: BucketEncryption.S3_MANAGED,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [{ expiration: Duration.days(retentionDays.logs) }],
  });
  // not PREFIXES.raw: the maintenance function deletes its bodies, and its receipts stay, because every count reads them
  const expiring = {
    clean: retentionDays.clean,
    rejected: retentionDays.rejected,
    replayed: retentionDays.rejected,
    lake: retentionDays.lake,
  };
  return new Bucket(stack, "Bucket", {
    ...common,
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

/**
 * Announces clean files on the queue. The notification is set on the bucket resource, because the CDK's own way is a function
 * that no emulator runs. S3 tests the notification, so the queue's policy must exist first.
 */
function notify(bucket: Bucket, queue: Queue): void {
  const stack = Stack.of(bucket);
  queue.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal("s3.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [queue.queueArn],
      // naming the bucket would make a dependency cycle: the condition allows all buckets of this account
      conditions: { StringEquals: { "aws:SourceAccount": stack.account } },
    }),
  );
  const resource = bucket.node.defaultChild as CfnBucket;
  resource.notificationConfiguration = {
    queueConfigurations: [
      {
        event: "s3:ObjectCreated:*",
        queue: queue.queueArn,
        filter: { s3Key: { rules: [{ name: "prefix", value: cleanFilesPrefix }] } },
      },
    ],
  };
  resource.addResourceDependency(queue.node.findChild("Policy").node.defaultChild as CfnQueuePolicy);
}

function dynamoTables(stack: Stack, { name }: Settings, encryptionKey: Key): void {
  const text = (attribute: string) => ({ name: attribute, type: AttributeType.STRING });
  for (const id of Object.keys(tables) as (keyof typeof tables)[]) {
    const { partition_key, sort_key, expires, index }: Table = tables[id];
    const table = new DynamoTable(stack, `Table${id}`, {
      tableName: tableName(name, id),
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
