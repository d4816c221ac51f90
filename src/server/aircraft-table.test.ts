import { expect, test } from "vitest";
import { aircraftTable, emergencyTracker } from "./aircraft-table.ts";
import { applyChange, valueOf, type Delta, type WireRow } from "./wire.ts";

const report = (last_contact: number, squawk: string | null, source = "a") => ({
  icao24: "abc123",
  last_contact,
  squawk,
  source,
  flags: squawk !== null && /^7[567]00$/.test(squawk) ? "emergency" : "",
});
const isEmergency = (rows: ReturnType<typeof report>[]) => rows.map(emergencyTracker());

test("an emergency starts with two emergency codes ten seconds apart, and ends with another code", () => {
  const rows = [
    report(100, "7700"),
    report(109, "7700"),
    report(110, "7700"),
    report(120, "7700"),
    report(130, "1000"),
  ];
  expect(isEmergency(rows)).toEqual([false, false, true, true, false]);
});

test("a report without a code neither starts nor ends an emergency", () => {
  const rows = [
    report(100, "7700"),
    report(101, null, "b"),
    report(110, "7700"),
    report(111, null, "b"),
    report(500, null, "b"),
  ];
  expect(isEmergency(rows)).toEqual([false, false, true, true, false]);
});

test("two single emergency codes days apart are not an emergency", () => {
  expect(isEmergency([report(100, "7700"), report(260_000, "7600"), report(260_010, "7600")])).toEqual([
    false,
    false,
    true,
  ]);
});

const row = (icao24: string, batch_id: string, last_contact = 1) => ({ icao24, batch_id, last_contact, flags: "" });
const delta = (text: string | null): Delta => JSON.parse(text ?? "null") as Delta;

test("a removed aircraft is reported once, and one that returns is sent with all its fields", () => {
  const table = aircraftTable();
  table.put(row("000001", "b1"));
  table.put(row("000002", "b1"));
  table.advance();
  table.removeOthers([row("000002", "b1")]);
  expect(delta(table.advance())).toMatchObject({ changes: [], gone: [0] });
  expect(table.advance()).toBeNull();
  table.put(row("000001", "b2"));
  const [change] = delta(table.advance()).changes;
  const back: WireRow = applyChange(undefined, change ?? [0, 0]);
  expect([change?.[0], valueOf(back, "icao24"), valueOf(back, "batch")]).toEqual([2, "000001", 2]);
});

test("batches that no aircraft names any longer are removed", () => {
  const table = aircraftTable();
  const ledger = { flow: "stream" as const, contract: "c", received_at: 1, applied_at: 1 };
  const counts = { received: 1, accepted: 1, duplicate: 0, rejected: 0, repeats: 0 };
  for (let n = 0; n < 50; n++) {
    table.put(row("000001", `b${n}`, n));
    table.addBatch({ ...ledger, counts, batch_id: `b${n}` });
    table.removeOthers([row("000001", `b${n}`)]);
    table.advance();
  }
  expect(table.hasBatch("b48")).toBe(false);
  expect(table.hasBatch("b49")).toBe(true);
});
