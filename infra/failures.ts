import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

/**
 * A queue for events whose function failed after all retries. An alarm watches it, and no function reads it. For a batch of
 * a stream it would contain only metadata, so the stream's mapping retries without end.
 */
export const failureQueue = (scope: Construct): Queue =>
  new Queue(scope, "Failures", {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
