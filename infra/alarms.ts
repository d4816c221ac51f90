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
  /** Fires above this, or below where `below` is said. */
  threshold: number;
  below?: boolean;
  /** Periods of the metric in a row. */
  periods?: number;
  /** What silence means: nothing wrong, or that what should speak has stopped. */
  silence: "good" | "bad";
  /** What it means and what to do, for whoever is woken. */
  means: string;
}

/** A metric with its dimensions: without them an alarm watches nothing and never fires. */
// oxlint-disable-next-line max-params -- a line of the tables of alarms
export const metric = (
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  { statistic = "Sum", minutes = 5 } = {},
): Metric => new Metric({ namespace, metricName, dimensionsMap, statistic, period: Duration.minutes(minutes) });

/** An alarm that always has a missing-data policy and tells somebody, or something. */
export function alarm(scope: Construct, id: string, props: AlarmProps & { action: IAlarmAction }): Alarm {
  const { below = false, periods = 1, silence } = props;
  const made = new Alarm(scope, id, {
    metric: props.metric,
    threshold: props.threshold,
    evaluationPeriods: periods,
    comparisonOperator: below ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
    treatMissingData: silence === "good" ? TreatMissingData.NOT_BREACHING : TreatMissingData.BREACHING,
    alarmDescription: props.means,
  });
  made.addAlarmAction(props.action);
  return made;
}
