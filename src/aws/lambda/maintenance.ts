import { DAY_S } from "../../time.ts";
import { sweep } from "../../flow/request/load.ts";
import { rawBodies, removeObjects } from "../../flow/objects/retention.ts";
import { lambdaAdapters } from "../adapters/lambda-adapters.ts";
import { emitMetrics, logError } from "../metrics.ts";

const adapters = await lambdaAdapters(process.env);
const known = new Set<string>();

/** Hourly: counts what expired, tells whether both equations hold, loads what was not announced, removes old bodies. */
export async function handler(): Promise<unknown> {
  const onBroken = (id: string, error: unknown) => logError(`${id} cannot be loaded`, error);
  const before = (days: number) => Math.floor(Date.now() / 1000 - days * DAY_S);
  const expired = await adapters.ledger.expire(before(adapters.config.retention_days));
  for (const { flow, missing, surplus, ledger_drift, pending } of await adapters.counter.count()) {
    const imbalance = Math.abs(missing) + Math.abs(surplus ?? 0) + Math.abs(ledger_drift);
    emitMetrics({ deployment: adapters.config.deployed.name, flow }, { imbalance, pending });
  }
  const swept = await sweep(adapters, { known, onBroken });
  // only after a whole sweep: what it did not reach may not be cleaned yet
  await removeObjects(adapters.objects, rawBodies, before(adapters.config.deployed.raw_days));
  return { ...swept, expired };
}
