import { App, Tags, type AppProps } from "aws-cdk-lib";
import { DatabaseStack } from "./database-stack.ts";
import { DataStack } from "./data-stack.ts";
import { RequestStack } from "./request-stack.ts";
import { usesPostgres, type Settings } from "./settings.ts";
import { StreamStack } from "./stream-stack.ts";
import { MonitoringStack } from "./monitoring-stack.ts";

/** Findings of the library's own rules end the synthesis; access logs are allowed by the bucket's policy, not by an ACL. */
const context = {
  "@aws-cdk/core:validateAgainstDefaultRules": true,
  "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true,
};

/** An app as the command `cdk` and the tests make it. */
export const newApp = (props: AppProps = {}): App =>
  new App({ ...props, context: { ...context, ...props.context }, analyticsReporting: false });

export interface Deployment {
  data: DataStack;
  database: DatabaseStack | undefined;
  request: RequestStack;
  stream: StreamStack;
  monitoring: MonitoringStack;
}

/** The stacks of a deployment, in the order in which they depend on each other. */
export function deployment(app: App, settings: Settings): Deployment {
  const { name } = settings;
  const data = new DataStack(app, `${name}-data`, settings);
  const database = usesPostgres(settings) ? new DatabaseStack(app, `${name}-database`, { settings, data }) : undefined;
  const of = { settings, data, database };
  const request = new RequestStack(app, `${name}-request`, of);
  const stream = new StreamStack(app, `${name}-stream`, of);
  const monitoring = new MonitoringStack(app, `${name}-monitoring`, { ...of, request, stream });
  Tags.of(app).add("flightline:deployment", name);
  return { data, database, request, stream, monitoring };
}
