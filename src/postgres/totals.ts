import type pg from "pg";
import { sumOfCounts } from "../flight/rejection.ts";
import { addTotals, noTotals } from "../flow/ledger/totals.ts";
import { ID_LETTER } from "../flow/objects/ids.ts";
import type { Flow, FlowTotals, LedgerRow, Totals, TotalsQuery } from "../flow/ports.ts";
import { statement } from "./statements.ts";
import { query, transaction } from "./transaction.ts";

interface TotalsRow extends Omit<FlowTotals, "rejected"> {
  flow: Flow;
  stored_at: number;
}

/** A LIKE pattern for the ids of ingestions. */
const REQUEST_IDS = `${ID_LETTER.request}%`;

/** Counts ledger and tables in one REPEATABLE READ snapshot, whose connection is passed to `within`. */
export function postgresTotals(pool: pg.Pool, { since, within }: TotalsQuery): Promise<Totals> {
  return transaction(
    pool,
    async (client) => {
      const { rows } = await client.query<TotalsRow>(statement("totals"), [REQUEST_IDS]);
      await within?.(client);
      const ingestions = await client.query<{ id: string }>(statement("ingestions-since"), [since, REQUEST_IDS]);
      return {
        flows: { request: flowTotals(rows, "request"), stream: flowTotals(rows, "stream") },
        stored_at: rows[0]?.stored_at ?? 0,
        ingestions: ingestions.rows.map(({ id }) => id),
      };
    },
    "begin isolation level repeatable read read only",
  );
}

/** The sums of the ledger as of a Unix time. */
export async function postgresPast(pool: pg.Pool, at: number): Promise<Record<Flow, FlowTotals>> {
  const flows = { request: noTotals(), stream: noTotals() };
  for (const row of await query<LedgerRow>(pool, statement("ledger-until"), [at])) addTotals(flows[row.flow], row);
  return flows;
}

function flowTotals(rows: readonly TotalsRow[], flow: Flow): FlowTotals {
  const row = rows.find((total) => total.flow === flow);
  if (row === undefined) throw new Error(`totals.sql returned no row for the flow ${flow}`);
  const reasons = Object.fromEntries(Object.entries(row.reasons).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    received: row.received,
    accepted: row.accepted,
    duplicate: row.duplicate,
    rejected: sumOfCounts(reasons),
    reasons,
    repeats: row.repeats,
    expired: row.expired,
    stored: row.stored,
    unbalanced: row.unbalanced,
  };
}
