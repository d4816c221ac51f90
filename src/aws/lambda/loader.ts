import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { loadArrived } from "../../flow/request/load.ts";
import { lambdaWorld } from "../lambda-adapters.ts";
import { appliedMetrics, emitMetrics, logError } from "../metrics.ts";

const world = lambdaWorld(process.env);
const of = { deployment: world.config.deployed.name, flow: "request" } as const;

/** Loads the clean files that the bucket announced; a message that fails comes again alone. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
  for (const { messageId, body } of Records)
    try {
      for (const applied of await loadArrived(body, world)) emitMetrics(of, appliedMetrics(applied));
    } catch (error) {
      logError(`message ${messageId} was not loaded`, error);
      emitMetrics(of, { failed: 1 });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  return { batchItemFailures };
}
