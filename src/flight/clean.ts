import type { Batch } from "./batch.ts";
import { compileRules, type RunRules } from "./compile.ts";
import { rules } from "./contract.ts";
import { rowText, type Rejection } from "./rejection.ts";

const runRules = compileRules();

/**
 * Runs the contract's rules over a batch of coerced columns. The batch is used up: its columns hold the cleaned rows
 * afterwards, `rows` is their number, and rejected rows are gone from it and returned, in the order of arrival. Never throws.
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
