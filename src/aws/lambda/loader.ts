import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { loadAnnounced } from "../../flow/request/load.ts";
import { lambdaAdapters } from "../adapters/lambda-adapters.ts";
import { appliedMetrics, emitMetrics, logError } from "../metrics.ts";
import { createdKeys } from "../s3-notification.ts";

const adapters = await lambdaAdapters(process.env);
const dimensions = { deployment: adapters.config.deployed.name, flow: "request" } as const;

/** Loads the clean files that the bucket announced. Only the failed messages are redelivered. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  for (const { messageId, body } of Records)
    try {
      for (const key of createdKeys(body)) {
        const applied = await loadAnnounced(key, adapters);
        if (applied !== null) emitMetrics(dimensions, appliedMetrics(applied));
      }
    } catch (error) {
      logError(`the files of message ${messageId} could not be loaded. SQS redelivers it`, error);
      emitMetrics(dimensions, { failed: 1 });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  return { batchItemFailures };
}
