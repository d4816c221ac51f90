import type { Applied, Flow } from "../flow/ports.ts";

const NAMESPACE = "Flightline";

/** Emits values as CloudWatch metrics, by a log line in the embedded metric format. */
export function emitMetrics(
  { deployment, flow }: { deployment: string; flow: Flow },
  values: Readonly<Record<string, number>>,
): void {
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
    Deployment: deployment,
    Flow: flow,
    ...values,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The counts of an applied batch, and a heartbeat. */
export const appliedMetrics = ({ received, accepted, duplicate, rejected, repeats }: Applied) => ({
  received,
  accepted,
  duplicate,
  rejected,
  repeats,
  heartbeat: 1,
});

/** Logs an error as a JSON line. */
export function logError(message: string, error: unknown): void {
  const { name = "", message: cause = String(error), stack = "" } = error instanceof Error ? error : {};
  process.stdout.write(`${JSON.stringify({ level: "error", message, error: name, cause, stack })}\n`);
}
