import type { DatabasePorts, ObjectStore } from "../ports.ts";
import { manifests } from "./manifests.ts";

/**
 * Combines two databases. A batch is applied to the first, then to the second, and is done when both have it. If one is
 * down, the flow stops. Reads and counts come from the first. The totals of the second are reported in `others`.
 */
export function twoDatabases(first: DatabasePorts, second: DatabasePorts): DatabasePorts {
  return {
    reader: first.reader,
    sink: {
      async apply(write) {
        const applied = await first.sink.apply(write);
        await second.sink.apply(write);
        return applied;
      },
      async delivered(deliveries) {
        const [inFirst, inSecond] = await Promise.all([
          first.sink.delivered(deliveries),
          second.sink.delivered(deliveries),
        ]);
        return new Set([...inFirst].filter((id) => inSecond.has(id)));
      },
      async ping() {
        await Promise.all([first.sink.ping(), second.sink.ping()]);
      },
    },
    ledger: {
      ...first.ledger,
      async totals({ within, ...query }) {
        const [totals, others] = await Promise.all([
          first.ledger.totals(within === undefined ? query : { ...query, within }),
          second.ledger.totals(query),
        ]);
        return { ...totals, others: [others.flows, ...(others.others ?? [])] };
      },
      async expire(received_at) {
        await second.ledger.expire(received_at);
        return first.ledger.expire(received_at);
      },
    },
  };
}

/** Combines the databases that the settings name. No database: manifests. */
export function combineDatabases([first, second]: readonly DatabasePorts[], objects: ObjectStore): DatabasePorts {
  if (first === undefined) return manifests(objects);
  return second === undefined ? first : twoDatabases(first, second);
}
