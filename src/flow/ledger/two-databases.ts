import { manifests } from "./manifests.ts";
import type { Database, ObjectStore } from "../ports.ts";

/**
 * Two databases as one: a batch is applied to the first, then to the second, and is done when both have it; one that is
 * down stops the flow. Reads and counts come from the first, the second's totals stand beside them.
 */
export function twoDatabases(first: Database, second: Database): Database {
  return {
    ...first,
    async apply(application) {
      const applied = await first.apply(application);
      await second.apply(application);
      return applied;
    },
    async delivered(of) {
      const [one, two] = await Promise.all([first.delivered(of), second.delivered(of)]);
      return new Set([...one].filter((id) => two.has(id)));
    },
    async totals(of) {
      const [one, two] = await Promise.all([first.totals(of), second.totals(of)]);
      return { ...one, others: [two.flows, ...(two.others ?? [])] };
    },
    async expire(received_at) {
      await second.expire(received_at);
      return first.expire(received_at);
    },
    async ping() {
      await Promise.all([first.ping(), second.ping()]);
    },
  };
}

/** Those that the settings name as one: none means files and manifests alone. */
export function databaseOf([first, second]: readonly Database[], objects: ObjectStore): Database {
  if (first === undefined) return manifests(objects);
  return second === undefined ? first : twoDatabases(first, second);
}
