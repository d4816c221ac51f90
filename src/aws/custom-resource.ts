import type { CloudFormationCustomResourceEvent } from "aws-lambda";

/**
 * Does the work of a custom resource and reports its success or failure to CloudFormation. The report is sent in every case,
 * because a deployment waits an hour for a custom resource that does not answer. Deleting the resource does no work: the data
 * stay. Throws the error of `work`.
 */
export async function handleCustomResource(
  event: CloudFormationCustomResourceEvent,
  work: () => Promise<Record<string, unknown>>,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, RequestType, ResponseURL } = event;
  const answer = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: "schema" };
  const report = (body: object) =>
    fetch(ResponseURL, {
      method: "PUT",
      body: JSON.stringify({ ...answer, ...body }),
      headers: { "content-type": "" },
    });
  try {
    const Data = RequestType === "Delete" ? {} : await work();
    await report({ Status: "SUCCESS", Data });
  } catch (error) {
    await report({ Status: "FAILED", Reason: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}
