import { settingsEnvironment } from "../src/settings.ts";
import { CfnPolicy, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { CfnQueuePolicy } from "aws-cdk-lib/aws-sqs";
import { anybody, find, OBJECT, permit, set, tell, type Fault } from "./faults.ts";

/** Who may do what, and who could read what is not encrypted. */
export const faultsOfAccess: readonly Fault[] = [
  {
    fault: "stream unencrypted",
    change: set("AWS::Kinesis::Stream", "Stream", { streamEncryption: undefined }),
    by: "AwsSolutions-KDS1",
  },
  { fault: "action s3:*", change: permit({ Action: "s3:*", Resource: OBJECT }), by: "AwsSolutions-IAM5" },
  { fault: "resource *", change: permit({ Action: "s3:GetObject", Resource: "*" }), by: "wildcard beyond the list" },
  {
    fault: "bucket open to the public",
    change: set("AWS::S3::Bucket", "data/Bucket", { publicAccessBlockConfiguration: undefined }),
    by: "bucket open to the public",
  },
  {
    fault: "TLS-only policy dropped",
    change: set("AWS::S3::BucketPolicy", "data/Bucket", { policyDocument: { Version: "2012-10-17", Statement: [] } }),
    by: "AwsSolutions-S10",
  },
  {
    fault: "bucket without KMS",
    change: set("AWS::S3::Bucket", "data/Bucket", {
      bucketEncryption: undefined,
      notificationConfiguration: undefined,
    }),
    by: "bucket without KMS",
  },
  {
    fault: "secret in an environment variable",
    change: tell({ DATABASE_PASSWORD: "Ref-hunter2" }),
    by: "secret in an environment variable",
  },
  {
    fault: "password in the database's URL",
    change: tell(settingsEnvironment({ postgres: "postgres://flightline:hunter2@db:5432/flightline" })),
    by: "secret in an environment variable",
  },
  {
    fault: "two policies on one queue",
    change: (app) => {
      const policy = find(app, "AWS::SQS::QueuePolicy", "data/Arrivals");
      const { policyDocument, queues } = policy as unknown as CfnQueuePolicy;
      new CfnQueuePolicy(policy.stack, "Another", { policyDocument, queues });
    },
    by: "two policies on one queue",
  },
  {
    fault: "limits of the API dropped",
    change: set("AWS::ApiGateway::Stage", "Api", { methodSettings: undefined }),
    by: "API without limits",
  },
  {
    fault: "limits of the usage plan dropped",
    given: { auth: "apiKey" },
    change: set("AWS::ApiGateway::UsagePlan", "Api", { throttle: undefined }),
    by: "usage plan without limits",
  },
  {
    fault: "table under AWS's key",
    change: set("AWS::DynamoDB::Table", "Tablestates", { sseSpecification: { sseEnabled: true } }),
    by: "table without a key of ours",
  },
  {
    fault: "plain connections to PostgreSQL",
    given: { database: "postgres" },
    change: set("AWS::RDS::DBClusterParameterGroup", "Parameters", { parameters: { "rds.force_ssl": "0" } }),
    by: "database that takes plain connections",
  },
  {
    fault: "a role that gets objects and may not list",
    change: (app) => {
      const role = find(app, "AWS::IAM::Role", "stream/ConsumerRole");
      const Statement = [{ Effect: "Allow", Action: "s3:GetObject", Resource: OBJECT }];
      role["policies"] = [{ policyName: "own", policyDocument: { Version: "2012-10-17", Statement } }];
    },
    by: "objects got without listing",
  },
  {
    fault: "method open to anybody",
    change: set("AWS::ApiGateway::Method", "Default/states/POST", { authorizationType: "NONE" }),
    by: "method open to anybody",
  },
  {
    fault: "key not asked for",
    given: { auth: "apiKey" },
    change: set("AWS::ApiGateway::Method", "Default/states/POST", { apiKeyRequired: false }),
    by: "method open to anybody",
  },
  {
    fault: "a policy beside its role",
    change: (app) => {
      const role = find(app, "AWS::IAM::Role", "request/HandlerRole");
      const statements = [new PolicyStatement({ actions: ["dynamodb:DeleteTable"], resources: ["*"] })];
      new CfnPolicy(role.stack, "More", {
        policyName: "more",
        policyDocument: new PolicyDocument({ statements }),
        roles: [role.ref],
      });
    },
    by: "wildcard beyond the list",
  },
  {
    fault: "a role that anybody may take",
    change: set("AWS::IAM::Role", "request/HandlerRole", {
      assumeRolePolicyDocument: anybody("sts:AssumeRole", undefined),
    }),
    by: "role that anybody may take",
  },
  {
    fault: "a key that anybody may use",
    change: set("AWS::KMS::Key", "data/Key", { keyPolicy: anybody("kms:*", "*") }),
    by: "key that anybody may use",
  },
  {
    fault: "a bucket policy that allows anybody",
    change: set("AWS::S3::BucketPolicy", "data/Bucket", {
      policyDocument: anybody("s3:GetObject", "arn:aws:s3:::b/*"),
    }),
    by: "bucket policy that allows anybody",
  },
  {
    fault: "stream under AWS's key",
    change: set("AWS::Kinesis::Stream", "Stream", {
      streamEncryption: { encryptionType: "KMS", keyId: "alias/aws/kinesis" },
    }),
    by: "stream without a key of ours",
  },
  {
    fault: "log group not encrypted",
    change: set("AWS::Logs::LogGroup", "HandlerLogs", { kmsKeyId: undefined }),
    by: "log group not encrypted",
  },
  {
    fault: "log encryption of Glue dropped",
    given: { engine: "glue" },
    change: set("AWS::Glue::SecurityConfiguration", "JobSecurity", { encryptionConfiguration: {} }),
    by: "Glue logs not encrypted",
  },
];
