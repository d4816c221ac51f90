import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

/**
 * Where events go whose function gave them up. It is itself the last place: an alarm watches it, nothing reads it. Of a
 * stream's batch it would hold metadata alone, so the stream's mapping never gives up.
 */
export const failureQueue = (scope: Construct): Queue =>
  new Queue(scope, "Failures", {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
