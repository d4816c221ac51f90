import type { Applied, Flow } from "../flow/ports.ts";

const NAMESPACE = "Flightline";

/** Prints values in CloudWatch's embedded metric format: one JSON line of the log, which CloudWatch reads as metrics. */
export function emitMetrics(of: { deployment: string; flow: Flow }, values: Readonly<Record<string, number>>): void {
  const line = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [["Deployment", "Flow"]],
          Metrics: Object.keys(values).map((Name) => ({ Name, Unit: "Count" })),
        },
      ],
    },
    Deployment: of.deployment,
    Flow: of.flow,
    ...values,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The counts of an applied batch, and that there was one. */
export const appliedMetrics = ({ received, accepted, duplicate, rejected, repeats }: Applied) => ({
  received,
  accepted,
  duplicate,
  rejected,
  repeats,
  heartbeat: 1,
});

/** An error as a line of the log, without row contents. */
export function logError(message: string, error: unknown): void {
  const { name = "", message: cause = String(error), stack = "" } = error instanceof Error ? error : {};
  process.stdout.write(`${JSON.stringify({ level: "error", message, error: name, cause, stack })}\n`);
}
