import { Stack } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Rule } from "aws-cdk-lib/aws-events";
import { SnsTopic } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import { flowAlarms, requestAlarms, streamAlarms, type Alarms, type MonitoringProps } from "./alarm-tables.ts";
import { addAlarm, metric } from "./alarms.ts";

/** A dashboard, and alarms that send mail. */
export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const topic = alarmTopic(this, props);
    const action = new SnsAction(topic);
    const all = { ...requestAlarms(props), ...streamAlarms(props), ...flowAlarms(props) };
    for (const [name, alarm] of Object.entries(all)) addAlarm(this, name, { ...alarm, action }).addOkAction(action);
    if (props.stream.job !== undefined) jobState(this, props.stream.job, topic);
    dashboard(this, props, all);
  }
}

function alarmTopic(stack: Stack, { settings, stream }: MonitoringProps): Topic {
  const key = new Key(stack, "TopicKey", { enableKeyRotation: true });
  const publish = { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: ["*"] };
  const conditions = { StringEquals: { "aws:SourceAccount": stack.account } };
  key.addToResourcePolicy(
    new PolicyStatement({ ...publish, principals: [new ServicePrincipal("cloudwatch.amazonaws.com")], conditions }),
  );
  // EventBridge does not name the account on whose behalf it publishes: under the condition its messages would be lost silently
  if (stream.job !== undefined)
    key.addToResourcePolicy(
      new PolicyStatement({ ...publish, principals: [new ServicePrincipal("events.amazonaws.com")] }),
    );
  const topic = new Topic(stack, "Alarms", { masterKey: key, enforceSSL: true });
  // this policy replaces the default one, which lets the account's alarms publish
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions,
    }),
  );
  if (settings.alarmEmail !== null) topic.addSubscription(new EmailSubscription(settings.alarmEmail));
  return topic;
}

function jobState(stack: Stack, jobName: string, topic: Topic): void {
  new Rule(stack, "JobState", {
    description: "The Glue job ended. It is meant to run without end.",
    eventPattern: {
      source: ["aws.glue"],
      detailType: ["Glue Job State Change"],
      detail: { jobName: [jobName], state: ["FAILED", "TIMEOUT", "STOPPED"] },
    },
    targets: [new SnsTopic(topic)],
  });
}

function dashboard(stack: Stack, { settings }: MonitoringProps, alarms: Alarms): void {
  const counts = (flow: string): IMetric[] =>
    ["received", "accepted", "duplicate", "rejected"].map((name) =>
      metric("Flightline", name, { Deployment: settings.name, Flow: flow }),
    );
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
  new Dashboard(stack, "Dashboard", {
    dashboardName: settings.name,
    widgets: [
      [graph("Flow 1, rows", counts("request")), graph("Flow 2, rows", counts("stream"))],
      ...Object.entries(alarms).map(([name, alarm]) => [graph(name, [alarm.metric])]),
    ],
  });
}
