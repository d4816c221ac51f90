import type { Batch } from "./batch.ts";
import { compileRules, type RunRules } from "./compile.ts";
import { rules } from "./contract.ts";
import { rowText, type Rejection } from "./rejection.ts";

const runRules = compileRules();

/**
 * Runs the contract's rules over a batch of coerced columns, in place. Afterwards the batch contains the cleaned rows only.
 * Returns the rejected rows in the order of arrival. Invariant: it never throws, because bad data is a value.
 */
export function clean(batch: Batch, run: RunRules = runRules): Rejection[] {
  const rejections: Rejection[] = [];
  run(batch, (row, index) => {
    const rule = rules[index];
    if (rule?.do !== "reject") return;
    rejections.push({
      reason: rule.reason,
      field: rule.field,
      source: batch.columns.source[row] ?? "",
      delivery: batch.delivery[row] ?? 0,
      ordinal: batch.ordinal[row] ?? 0,
      unit: batch.ordinal_unit,
      received_at: batch.received_at[row] ?? 0,
      content: { row: rowText(batch.raw[row]) },
    });
  });
  batch.raw = [];
  return rejections;
}
