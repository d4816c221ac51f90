import { rawBodies, removeObjects } from "../../flow/objects/retention.ts";
import { sweep } from "../../flow/request/load.ts";
import { DAY_S } from "../../time.ts";
import { lambdaAdapters } from "../adapters/lambda-adapters.ts";
import { emitMetrics, logError } from "../metrics.ts";

const adapters = await lambdaAdapters(process.env);
const known = new Set<string>();

/**
 * Runs hourly. Counts expired rows, emits the imbalance of both flows, loads clean files that were not announced, and deletes old
 * bodies. Returns the counts.
 */
export async function handler(): Promise<unknown> {
  const onBroken = (id: string, error: unknown) => logError(`${id} cannot be loaded`, error);
  const before = (days: number) => Math.floor(Date.now() / 1000 - days * DAY_S);
  const expired = await adapters.ledger.expire(before(adapters.config.retention_days));
  for (const { flow, missing, surplus, ledger_drift, pending } of await adapters.counter.count()) {
    const imbalance = Math.abs(missing) + Math.abs(surplus ?? 0) + Math.abs(ledger_drift);
    emitMetrics({ deployment: adapters.config.deployed.name, flow }, { imbalance, pending });
  }
  const swept = await sweep(adapters, { known, onBroken });
  // only after a complete sweep: bodies that the sweep did not reach may still have to be cleaned
  await removeObjects(adapters.objects, rawBodies, before(adapters.config.deployed.raw_days));
  return { ...swept, expired };
}
