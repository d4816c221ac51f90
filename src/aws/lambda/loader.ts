import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { loadAnnounced } from "../../flow/request/load.ts";
import { createdKeys } from "../s3-notification.ts";
import { lambdaAdapters } from "../adapters/lambda-adapters.ts";
import { appliedMetrics, emitMetrics, logError } from "../metrics.ts";

const adapters = await lambdaAdapters(process.env);
const of = { deployment: adapters.config.deployed.name, flow: "request" } as const;

/** Loads the clean files that the bucket announced; a message that fails comes again alone. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  for (const { messageId, body } of Records)
    try {
      for (const key of createdKeys(body)) {
        const applied = await loadAnnounced(key, adapters);
        if (applied !== null) emitMetrics(of, appliedMetrics(applied));
      }
    } catch (error) {
      logError(`message ${messageId} was not loaded`, error);
      emitMetrics(of, { failed: 1 });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  return { batchItemFailures };
}
