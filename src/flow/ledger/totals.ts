import type { FlowTotals, LedgerRow } from "../ports.ts";

/** Totals of an empty ledger. `stored` is null, because no table was counted. */
export const noTotals = (): FlowTotals => ({
  received: 0,
  accepted: 0,
  duplicate: 0,
  rejected: 0,
  reasons: {},
  repeats: 0,
  expired: 0,
  stored: null,
  unbalanced: [],
});

type Counts = Pick<FlowTotals, "received" | "accepted" | "duplicate" | "repeats" | "expired"> & {
  rejected: LedgerRow["rejected"];
};

/** Adds a ledger row to the totals. */
export function addTotals(to: FlowTotals, row: Counts): void {
  for (const name of ["received", "accepted", "duplicate", "repeats", "expired"] as const) to[name] += row[name];
  for (const [reason, rows] of Object.entries(row.rejected)) {
    to.reasons[reason] = (to.reasons[reason] ?? 0) + rows;
    to.rejected += rows;
  }
}
