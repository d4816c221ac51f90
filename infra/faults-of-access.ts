import { CfnPolicy, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { CfnQueuePolicy } from "aws-cdk-lib/aws-sqs";
import { settingsEnvironment } from "../src/settings.ts";
import {
  addPermission,
  findResource,
  OBJECT_ARN,
  publicPolicy,
  setEnvironment,
  setProperties,
  type Fault,
} from "./faults.ts";

/** Faults of permissions, encryption, secrets and request limits. */
export const faultsOfAccess: readonly Fault[] = [
  {
    fault: "stream unencrypted",
    damage: setProperties("AWS::Kinesis::Stream", "Stream", { streamEncryption: undefined }),
    rule: "AwsSolutions-KDS1",
  },
  {
    fault: "role with the action s3:*",
    damage: addPermission({ Action: "s3:*", Resource: OBJECT_ARN }),
    rule: "AwsSolutions-IAM5",
  },
  {
    fault: "role with the resource *",
    damage: addPermission({ Action: "s3:GetObject", Resource: "*" }),
    rule: "wildcard that is not on the list",
  },
  {
    fault: "bucket without its public access block",
    damage: setProperties("AWS::S3::Bucket", "data/Bucket", { publicAccessBlockConfiguration: undefined }),
    rule: "bucket without a public access block",
  },
  {
    fault: "bucket without its TLS-only policy",
    damage: setProperties("AWS::S3::BucketPolicy", "data/Bucket", {
      policyDocument: { Version: "2012-10-17", Statement: [] },
    }),
    rule: "AwsSolutions-S10",
  },
  {
    fault: "bucket without KMS",
    damage: setProperties("AWS::S3::Bucket", "data/Bucket", {
      bucketEncryption: undefined,
      notificationConfiguration: undefined,
    }),
    rule: "bucket without KMS",
  },
  {
    fault: "secret in an environment variable",
    damage: setEnvironment({ DATABASE_PASSWORD: "Ref-hunter2" }),
    rule: "secret in an environment variable",
  },
  {
    fault: "password in the database's URL",
    damage: setEnvironment(settingsEnvironment({ postgres: "postgres://flightline:hunter2@db:5432/flightline" })),
    rule: "secret in an environment variable",
  },
  {
    fault: "second policy on a queue",
    damage: (app) => {
      const policy = findResource(app, "AWS::SQS::QueuePolicy", "data/Arrivals");
      const { policyDocument, queues } = policy as unknown as CfnQueuePolicy;
      new CfnQueuePolicy(policy.stack, "Another", { policyDocument, queues });
    },
    rule: "queue with two policies",
  },
  {
    fault: "API without throttling limits",
    damage: setProperties("AWS::ApiGateway::Stage", "Api", { methodSettings: undefined }),
    rule: "API without limits",
  },
  {
    fault: "usage plan without throttling limits",
    settings: { auth: "apiKey" },
    damage: setProperties("AWS::ApiGateway::UsagePlan", "Api", { throttle: undefined }),
    rule: "usage plan without limits",
  },
  {
    fault: "table encrypted with AWS's own key",
    damage: setProperties("AWS::DynamoDB::Table", "Tablestates", { sseSpecification: { sseEnabled: true } }),
    rule: "table without the deployment's key",
  },
  {
    fault: "PostgreSQL that accepts connections without TLS",
    settings: { database: "postgres" },
    damage: setProperties("AWS::RDS::DBClusterParameterGroup", "Parameters", { parameters: { "rds.force_ssl": "0" } }),
    rule: "database that accepts connections without TLS",
  },
  {
    fault: "role that may get objects but not list the bucket",
    damage: (app) => {
      const role = findResource(app, "AWS::IAM::Role", "stream/ConsumerRole");
      const Statement = [{ Effect: "Allow", Action: "s3:GetObject", Resource: OBJECT_ARN }];
      role["policies"] = [{ policyName: "own", policyDocument: { Version: "2012-10-17", Statement } }];
    },
    rule: "s3:GetObject without s3:ListBucket",
  },
  {
    fault: "API method without authorization",
    damage: setProperties("AWS::ApiGateway::Method", "Default/states/POST", { authorizationType: "NONE" }),
    rule: "API method without authorization",
  },
  {
    fault: "API method that requires no key",
    settings: { auth: "apiKey" },
    damage: setProperties("AWS::ApiGateway::Method", "Default/states/POST", { apiKeyRequired: false }),
    rule: "API method without authorization",
  },
  {
    fault: "wildcard in a separate policy of a role",
    damage: (app) => {
      const role = findResource(app, "AWS::IAM::Role", "request/HandlerRole");
      const statements = [new PolicyStatement({ actions: ["dynamodb:DeleteTable"], resources: ["*"] })];
      new CfnPolicy(role.stack, "More", {
        policyName: "more",
        policyDocument: new PolicyDocument({ statements }),
        roles: [role.ref],
      });
    },
    rule: "wildcard that is not on the list",
  },
  {
    fault: "role that every principal can assume",
    damage: setProperties("AWS::IAM::Role", "request/HandlerRole", {
      assumeRolePolicyDocument: publicPolicy("sts:AssumeRole", undefined),
    }),
    rule: "role that every principal can assume",
  },
  {
    fault: "key policy that allows public access",
    damage: setProperties("AWS::KMS::Key", "data/Key", { keyPolicy: publicPolicy("kms:*", "*") }),
    rule: "key policy that allows public access",
  },
  {
    fault: "bucket policy that allows public access",
    damage: setProperties("AWS::S3::BucketPolicy", "data/Bucket", {
      policyDocument: publicPolicy("s3:GetObject", "arn:aws:s3:::b/*"),
    }),
    rule: "bucket policy that allows public access",
  },
  {
    fault: "stream encrypted with AWS's own key",
    damage: setProperties("AWS::Kinesis::Stream", "Stream", {
      streamEncryption: { encryptionType: "KMS", keyId: "alias/aws/kinesis" },
    }),
    rule: "stream without the deployment's key",
  },
  {
    fault: "log group not encrypted",
    damage: setProperties("AWS::Logs::LogGroup", "HandlerLogs", { kmsKeyId: undefined }),
    rule: "log group not encrypted",
  },
  {
    fault: "Glue logs not encrypted",
    settings: { engine: "glue" },
    damage: setProperties("AWS::Glue::SecurityConfiguration", "JobSecurity", { encryptionConfiguration: {} }),
    rule: "Glue logs not encrypted",
  },
];
