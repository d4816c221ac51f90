import { App, Tags, type AppProps } from "aws-cdk-lib";
import { DataStack } from "./data-stack.ts";
import { DatabaseStack } from "./database-stack.ts";
import { MonitoringStack } from "./monitoring-stack.ts";
import { RequestStack } from "./request-stack.ts";
import { usesPostgres, type Settings } from "./settings.ts";
import { StreamStack } from "./stream-stack.ts";

/** Violations of the CDK's own rules end the synthesis. The bucket's policy, not an ACL, allows access logs. */
const context = {
  "@aws-cdk/core:validateAgainstDefaultRules": true,
  "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true,
};

/** The app of the command `cdk` and of the tests. */
export const newApp = (props: AppProps = {}): App =>
  new App({ ...props, context: { ...context, ...props.context }, analyticsReporting: false });

export interface Deployment {
  data: DataStack;
  database: DatabaseStack | undefined;
  request: RequestStack;
  stream: StreamStack;
  monitoring: MonitoringStack;
}

/** Creates the stacks of a deployment, in the order of their dependencies. */
export function deployment(app: App, settings: Settings): Deployment {
  const { name } = settings;
  const data = new DataStack(app, `${name}-data`, settings);
  const database = usesPostgres(settings) ? new DatabaseStack(app, `${name}-database`, { settings, data }) : undefined;
  const props = { settings, data, database };
  const request = new RequestStack(app, `${name}-request`, props);
  const stream = new StreamStack(app, `${name}-stream`, props);
  const monitoring = new MonitoringStack(app, `${name}-monitoring`, { ...props, request, stream });
  Tags.of(app).add("flightline:deployment", name);
  return { data, database, request, stream, monitoring };
}
