import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  Metric,
  TreatMissingData,
  type IAlarmAction,
  type IMetric,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";

export interface AlarmProps {
  metric: IMetric;
  /** The alarm fires above this value, or below it with `firesBelow`. */
  threshold: number;
  firesBelow?: boolean;
  /** Consecutive periods of the metric that must breach the threshold. Default: 1. */
  periods?: number;
  /** The meaning of a period without data: normal, or that the emitter of the metric has stopped. */
  missingData: "normal" | "breaching";
  /** What happened and what to do, for the operator. */
  description: string;
}

/** A metric with its dimensions. An alarm without them watches nothing and never fires. */
// oxlint-disable-next-line max-params -- a call is one line in the alarm tables
export const metric = (
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  { statistic = "Sum", minutes = 5 } = {},
): Metric => new Metric({ namespace, metricName, dimensionsMap, statistic, period: Duration.minutes(minutes) });

/** An alarm. It always has a missing-data policy and an action. */
export function addAlarm(scope: Construct, id: string, props: AlarmProps & { action: IAlarmAction }): Alarm {
  const { firesBelow = false, periods = 1, missingData } = props;
  const alarm = new Alarm(scope, id, {
    metric: props.metric,
    threshold: props.threshold,
    evaluationPeriods: periods,
    comparisonOperator: firesBelow ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
    treatMissingData: missingData === "normal" ? TreatMissingData.NOT_BREACHING : TreatMissingData.BREACHING,
    alarmDescription: props.description,
  });
  alarm.addAlarmAction(props.action);
  return alarm;
}
