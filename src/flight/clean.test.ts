import fc from "fast-check";
import { expect, test } from "vitest";
import { dropDuplicates } from "./batch-rows.ts";
import { newBatch, rowAt } from "./batch.ts";
import { clean } from "./clean.ts";
import { rawFields } from "./contract.ts";
import { addRow, type RawRow } from "./fill.ts";
import { identities } from "./identity.ts";
import { cleanRow, type ReferenceResult } from "./reference.ts";

const RECEIVED_AT = 1_700_000_000;
const origin = { source: "test", received_at: RECEIVED_AT, delivery: 0 };

/** Values near every limit of the contract, and values of each wrong kind. */
const numbers = [
  0, -0, 0.005, -0.01, 0.01, 1, 15, 16, 20, 20.5, 50.8, 50.81, -50.8, 89.99, 90, -90, 103, 104, 180, -180, 180.01,
];
const limits = [
  340, 341, 360, -221, 719.99, 1029, 1029.1, -500, -501, 3000, 3001, 15293, 15294, 16793, 16795, 25000, 25001,
];
const times = [
  999_999_999,
  1e9,
  RECEIVED_AT - 16,
  RECEIVED_AT - 15,
  RECEIVED_AT,
  RECEIVED_AT + 10,
  RECEIVED_AT + 11,
  1e11,
  1e11 + 1,
];
const texts = [
  "",
  " ",
  "00",
  "N/A",
  "n/a",
  "DLH1A  ",
  "ABCDEFGHI",
  "4b1816",
  "~ABCDEF",
  "ffffff",
  "000000",
  "7700",
  "12",
  "=1+1",
  "Curaçao",
  "\ud800",
];
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...numbers,
    ...limits,
    ...times,
    ...texts,
    null,
    undefined,
    true,
    false,
    {},
    [],
    "t",
    "FALSE",
    "1.0",
    " 12e-1\n",
  ),
  fc.double({ noNaN: true }),
  fc.double({ min: -200, max: 200, noNaN: true }),
  fc.integer({ min: RECEIVED_AT - 100, max: RECEIVED_AT + 20 }).map(String),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF~ ") }),
);
const plausible: Record<string, fc.Arbitrary<unknown>> = {
  icao24: fc.constantFrom("4b1816", " A1B2C3 ", "~00000a", "3c6444"),
  last_contact: fc.integer({ min: RECEIVED_AT - 40, max: RECEIVED_AT + 11 }),
  time_position: fc.integer({ min: RECEIVED_AT - 60, max: RECEIVED_AT + 14 }),
  longitude: fc.double({ min: -181, max: 181, noNaN: true }),
  latitude: fc.double({ min: -91, max: 91, noNaN: true }),
};
const dirtyRow: fc.Arbitrary<RawRow> = fc.record(
  Object.fromEntries(
    rawFields.map(({ name }) => [
      name,
      fc.oneof({ weight: 3, arbitrary: plausible[name] ?? leaf }, { weight: 1, arbitrary: leaf }),
    ]),
  ),
  { requiredKeys: [] },
);

function compiled(rows: readonly RawRow[]): ReferenceResult[] {
  const batch = newBatch(4);
  rows.forEach((row, i) => addRow(batch, row, origin, i + 1));
  const results: ReferenceResult[] = [];
  for (const { ordinal, reason, field } of clean(batch)) results[ordinal - 1] = { reason, field: field ?? "" };
  for (let i = 0; i < batch.rows; i++) results[(batch.ordinal[i] ?? 0) - 1] = { row: rowAt(batch, i) };
  return results;
}

test("the compiled cleaner and the reference agree on 10,000 random dirty rows", () => {
  const rows = fc.sample(dirtyRow, { numRuns: 10_000, seed: seed() });
  const results = compiled(rows);
  const accepted = results.filter((result) => "row" in result).length;
  expect(accepted).toBeGreaterThan(1_000);
  expect(accepted).toBeLessThan(9_000);
  rows.forEach((row, i) => expect(results[i], JSON.stringify(row)).toEqual(cleanRow(row, origin)));
});

test("cleaning a cleaned row again changes only the bad_ flags", () => {
  const once = compiled(fc.sample(dirtyRow, { numRuns: 3_000, seed: seed() })).flatMap((r) =>
    "row" in r ? [r.row] : [],
  );
  const twice = compiled(once);
  const withoutBadFlags = (flags: string) =>
    flags
      .split(",")
      .filter((flag) => !flag.startsWith("bad_"))
      .join(",");
  once.forEach((row, i) => expect(twice[i]).toEqual({ row: { ...row, flags: withoutBadFlags(row.flags) } }));
});

test("a changed rule makes the compiled cleaner differ from the reference", async () => {
  const { compileRules } = await import("./compile.ts");
  const { rules } = await import("./contract.ts");
  const changed = rules.map((rule) =>
    rule.do === "flag" && rule.flag === "fast" ? { ...rule, flag: "emergency" } : rule,
  );
  const batch = newBatch(1);
  addRow(batch, { icao24: "4b1816", last_contact: RECEIVED_AT, velocity: 400 }, origin, 1);
  clean(batch, compileRules(changed));
  expect(rowAt(batch, 0).flags).toBe("emergency");
});

/** A new seed for each run. It is printed, so that SEED=n repeats a failure. */
function seed(): number {
  const chosen = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${chosen}`);
  return chosen;
}

test("the order of rows changes neither the number of rejections nor the identities that are kept", () => {
  const rows = fc.sample(dirtyRow, { numRuns: 3_000, seed: seed() });
  const outcome = (input: readonly RawRow[]) => {
    const batch = newBatch(16);
    input.forEach((row, ordinal) => addRow(batch, row, origin, ordinal));
    const rejected = clean(batch).length;
    dropDuplicates(batch, identities());
    const { icao24, last_contact, time_position } = batch.columns;
    const kept = Array.from({ length: batch.rows }, (_, i) => [icao24[i], last_contact[i], time_position[i]].join(" "));
    return { rejected, kept: kept.sort() };
  };
  const twice = [...rows, ...rows];
  const shuffled =
    fc.sample(fc.shuffledSubarray(twice, { minLength: twice.length }), { numRuns: 1, seed: seed() })[0] ?? [];
  const expected = outcome(twice);
  expect(outcome(shuffled)).toEqual(expected);
  expect(expected.kept.length).toBeGreaterThan(100);
});
