import type { CloudFormationCustomResourceEvent } from "aws-lambda";

/**
 * Does `work` for CloudFormation and tells it how that ended, whatever happens: a custom resource that does not answer keeps
 * a deployment waiting for an hour. Nothing is done when the resource is deleted: data stay.
 */
export async function answerDeployment(
  event: CloudFormationCustomResourceEvent,
  work: () => Promise<Record<string, unknown>>,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, RequestType, ResponseURL } = event;
  const answer = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: "schema" };
  const send = (body: object) =>
    fetch(ResponseURL, {
      method: "PUT",
      body: JSON.stringify({ ...answer, ...body }),
      headers: { "content-type": "" },
    });
  try {
    const Data = RequestType === "Delete" ? {} : await work();
    await send({ Status: "SUCCESS", Data });
  } catch (error) {
    await send({ Status: "FAILED", Reason: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}
