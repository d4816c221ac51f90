import { CustomResource, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { PolicyDocument, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Function as Lambda } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  ParameterGroup,
} from "aws-cdk-lib/aws-rds";
import type { Construct } from "constructs";
import { migrations } from "../src/postgres/migrate.ts";
import { settingsEnvironment } from "../src/settings.ts";
import type { DataStack } from "./data-stack.ts";
import { lambdaFunction, type DatabaseAccess } from "./function.ts";
import { allow } from "./permissions.ts";
import type { Settings } from "./settings.ts";

const PORT = 5_432;
const DATABASE = "flightline";
/** The role in PostgreSQL as which the functions and the Glue job log in, with IAM tokens. */
export const ROLE = "flightline";
const OWNER = "owner";
const MAX_ACU = 4;

/** PostgreSQL on Aurora, which pauses while it has no connections, in a network without access to the internet. */
export class DatabaseStack extends Stack {
  readonly cluster: DatabaseCluster;
  readonly vpc: Vpc;
  readonly group: SecurityGroup;

  constructor(scope: Construct, id: string, { settings, data }: { settings: Settings; data: DataStack }) {
    super(scope, id);
    this.vpc = network(this, settings, data);
    this.group = new SecurityGroup(this, "Functions", {
      vpc: this.vpc,
      description: "The functions that use the database",
    });
    this.cluster = cluster(this, this.vpc, { settings, data });
    this.cluster.connections.allowFrom(this.group, Port.tcp(PORT), "from the functions");
    // the workers of a Glue job connect to each other, and Glue requires this self-referencing rule
    if (settings.engine === "glue")
      this.group.addIngressRule(this.group, Port.allTcp(), "among the workers of the job");
    migration(this, settings, data);
  }

  /** The database's URL with the role that logs in with IAM tokens. */
  url(): string {
    return `postgres://${ROLE}@${this.cluster.clusterEndpoint.hostname}:${PORT}/${DATABASE}`;
  }

  jdbcUrl(): string {
    return `jdbc:postgresql://${this.cluster.clusterEndpoint.hostname}:${PORT}/${DATABASE}`;
  }

  /** Access for functions, which log in with IAM tokens. */
  access(): DatabaseAccess {
    const user = this.formatArn({
      service: "rds-db",
      resource: `dbuser:${this.cluster.clusterResourceIdentifier}`,
      resourceName: ROLE,
    });
    return {
      environment: settingsEnvironment({ postgres: this.url(), postgres_auth: "iam" }),
      statements: [allow(["rds-db:connect"], [user])],
      network: { vpc: this.vpc, group: this.group },
    };
  }
}

/** Services that a Glue job calls from within the network. Each endpoint costs by the hour. */
const jobEndpoints = {
  Kinesis: InterfaceVpcEndpointAwsService.KINESIS_STREAMS,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Metrics: InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
  Glue: InterfaceVpcEndpointAwsService.GLUE,
};

function network(stack: Stack, { name, retentionDays, engine }: Settings, { key }: DataStack): Vpc {
  const vpc = new Vpc(stack, "Network", {
    maxAzs: 2,
    natGateways: 0,
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [{ name: "isolated", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
  });
  vpc.addGatewayEndpoint("S3", { service: GatewayVpcEndpointAwsService.S3 });
  vpc.addGatewayEndpoint("DynamoDb", { service: GatewayVpcEndpointAwsService.DYNAMODB });
  // the rotation and the migration read the database's secret from within the network
  vpc.addInterfaceEndpoint("Secrets", { service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER });
  if (engine === "glue")
    for (const [id, service] of Object.entries(jobEndpoints)) vpc.addInterfaceEndpoint(id, { service });
  const logs = new LogGroup(stack, "NetworkLogs", {
    logGroupName: `/flightline/${name}/network`,
    retention: retentionDays.logs,
    encryptionKey: key,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(stack, "NetworkLogsRole", {
    assumedBy: new ServicePrincipal("vpc-flow-logs.amazonaws.com"),
    inlinePolicies: {
      own: new PolicyDocument({
        statements: [
          allow(["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"], [logs.logGroupArn]),
        ],
      }),
    },
  });
  vpc.addFlowLog("Traffic", { destination: FlowLogDestination.toCloudWatchLogs(logs, role.withoutPolicyUpdates()) });
  return vpc;
}

function cluster(
  stack: Stack,
  vpc: Vpc,
  { settings, data: { key } }: { settings: Settings; data: DataStack },
): DatabaseCluster {
  // Aurora would create the log group on its own, without the deployment's key and without retention
  const logs = new LogGroup(stack, "DatabaseLogs", {
    logGroupName: `/aws/rds/cluster/${settings.name}/postgresql`,
    retention: settings.retentionDays.logs,
    encryptionKey: key,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const engine = DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_9 });
  const database = new DatabaseCluster(stack, "Database", {
    clusterIdentifier: settings.name,
    engine,
    vpc,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    writer: ClusterInstance.serverlessV2("writer"),
    serverlessV2MinCapacity: 0,
    serverlessV2MaxCapacity: MAX_ACU,
    defaultDatabaseName: DATABASE,
    credentials: Credentials.fromGeneratedSecret(OWNER, { encryptionKey: key }),
    iamAuthentication: true,
    storageEncrypted: true,
    storageEncryptionKey: key,
    parameterGroup: new ParameterGroup(stack, "Parameters", { engine, parameters: { "rds.force_ssl": "1" } }),
    backup: { retention: Duration.days(7) },
    cloudwatchLogsExports: ["postgresql"],
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  database.node.addDependency(logs);
  // the cluster remains after its stack is deleted, so its password must remain too
  database.secret?.applyRemovalPolicy(RemovalPolicy.RETAIN);
  database.addRotationSingleUser({ automaticallyAfter: Duration.days(30) });
  return database;
}

/** Creates or updates the schema during the deployment, by a function that a custom resource invokes. */
function migration(stack: DatabaseStack, settings: Settings, data: DataStack): void {
  const { cluster: database, vpc, group } = stack;
  const secret = database.secret;
  if (secret === undefined)
    throw new Error("the Aurora cluster has no secret: create it with credentials from a generated secret");
  const migrate: Lambda = lambdaFunction(stack, "Migrate", {
    settings,
    data,
    entry: "migrate",
    access: {
      environment: settingsEnvironment({
        postgres: `postgres://${OWNER}@${database.clusterEndpoint.hostname}:${PORT}/${DATABASE}`,
        postgres_auth: `secret:${secret.secretArn}`,
        postgres_role: ROLE,
      }),
      statements: [
        allow(["secretsmanager:GetSecretValue"], [secret.secretArn]),
        allow(["kms:Decrypt"], [data.key.keyArn]),
      ],
      network: { vpc, group },
    },
    timeout_s: 300,
    statements: [],
  });
  const schema = new CustomResource(stack, "Schema", {
    serviceToken: migrate.functionArn,
    // a new migration changes this property, so that CloudFormation invokes the function again
    properties: { migrations: migrations().map(({ file }) => file) },
  });
  // the network's endpoints too: through them the function reads its secret and answers CloudFormation
  schema.node.addDependency(database, vpc);
}
