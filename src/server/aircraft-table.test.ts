import { expect, test } from "vitest";
import { aircraftTable, emergencies } from "./aircraft-table.ts";
import { applyChange, valueOf, type Delta, type WireRow } from "./wire.ts";

const said = (last_contact: number, squawk: string | null, source = "a") => ({
  icao24: "abc123",
  last_contact,
  squawk,
  source,
  flags: squawk !== null && /^7[567]00$/.test(squawk) ? "emergency" : "",
});
const judged = (rows: ReturnType<typeof said>[]) => rows.map(emergencies());

test("an emergency is one when two reports ten seconds apart say so, and ends with another code", () => {
  const rows = [said(100, "7700"), said(109, "7700"), said(110, "7700"), said(120, "7700"), said(130, "1000")];
  expect(judged(rows)).toEqual([false, false, true, true, false]);
});

test("a source that says no code neither begins nor ends one", () => {
  const rows = [said(100, "7700"), said(101, null, "b"), said(110, "7700"), said(111, null, "b"), said(500, null, "b")];
  expect(judged(rows)).toEqual([false, false, true, true, false]);
});

test("two single wrong codes days apart are none", () => {
  expect(judged([said(100, "7700"), said(260_000, "7600"), said(260_010, "7600")])).toEqual([false, false, true]);
});

const row = (icao24: string, batch_id: string, last_contact = 1) => ({ icao24, batch_id, last_contact, flags: "" });
const delta = (text: string | null): Delta => JSON.parse(text ?? "null") as Delta;

test("who is gone is told once, and who comes back is told whole", () => {
  const table = aircraftTable();
  table.take(row("000001", "b1"));
  table.take(row("000002", "b1"));
  table.advance();
  table.dropOthers([row("000002", "b1")]);
  expect(delta(table.advance())).toMatchObject({ changes: [], gone: [0] });
  expect(table.advance()).toBeNull();
  table.take(row("000001", "b2"));
  const [change] = delta(table.advance()).changes;
  const back: WireRow = applyChange(undefined, change ?? [0, 0]);
  expect([change?.[0], valueOf(back, "icao24"), valueOf(back, "batch")]).toEqual([2, "000001", 2]);
});

test("batches that no aircraft names any more are forgotten", () => {
  const table = aircraftTable();
  const ledger = { flow: "stream" as const, contract: "c", received_at: 1, applied_at: 1 };
  const counts = { received: 1, accepted: 1, duplicate: 0, rejected: 0, repeats: 0 };
  for (let n = 0; n < 50; n++) {
    table.take(row("000001", `b${n}`, n));
    table.takeBatch({ ...ledger, counts, batch_id: `b${n}` });
    table.dropOthers([row("000001", `b${n}`)]);
    table.advance();
  }
  expect(table.hasBatch("b48")).toBe(false);
  expect(table.hasBatch("b49")).toBe(true);
});
