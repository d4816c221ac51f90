import { readdir, readFile, rename } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { contractTag } from "../../src/flight/contract.ts";
import { query } from "../../src/postgres/transaction.ts";
import { goodRow } from "../harness/bodies.ts";
import { aircraft, number, openProduct, post, useBrowser, WITHOUT_MAP } from "../harness/browser.ts";
import { flowsOf } from "../harness/product.ts";

const browser = useBrowser(WITHOUT_MAP);
const REQUEST = "[data-flow=request]";

test("turns red and shows the difference when a stored row is deleted", async () => {
  const rows = [goodRow(), goodRow({ icao24: "abc123" }), goodRow({ icao24: "zz" })];
  const { page, installation } = await openProduct(browser(), { rows });
  await expect.poll(() => number(page, `${REQUEST} [data-name=stored]`)).toBe(2);
  const card = page.locator(REQUEST);
  await expect.poll(() => card.getAttribute("data-balanced")).toBe("true");
  await query(installation.database.pool, "delete from state_vectors where icao24 = 'abc123'");
  await expect.poll(() => card.getAttribute("data-balanced")).toBe("false");
  await expect.poll(() => card.getByRole("alert").textContent()).toContain("stored rows differ from the ledger by -1");
});

test("turns red and shows the missing rows when a batch is missing from the ledger", async () => {
  const { page, installation } = await openProduct(browser(), { rows: [goodRow(), goodRow({ icao24: "abc123" })] });
  await expect.poll(() => number(page, `${REQUEST} [data-name=stored]`)).toBe(2);
  await query(installation.database.pool, "delete from batches");
  await expect.poll(() => page.locator(`${REQUEST} .count.missing b`).count()).toBe(1);
  await expect.poll(() => number(page, `${REQUEST} .count.missing b`)).toBe(2);
  await expect.poll(() => page.locator(`${REQUEST} rect.missing`).getAttribute("width")).not.toBe("0");
});

test("shows rejections by reason and as received, and replays a single row", async () => {
  const bad = [goodRow({ icao24: "zz" }), goodRow({ icao24: "" }), goodRow({ last_contact: 5 })];
  const { page, running } = await openProduct(browser(), { rows: [goodRow(), ...bad], hash: "#tab=rejections" });
  await expect.poll(() => number(page, `${REQUEST} [data-name=rejected]`)).toBe(3);
  await expect.poll(() => number(page, "[data-reason=bad_icao24]")).toBe(2);
  await expect.poll(() => number(page, "[data-reason=bad_last_contact]")).toBe(1);
  const samples = page.locator(".rejections li");
  await expect.poll(() => samples.count()).toBe(3);
  await expect.poll(async () => (await samples.allTextContents()).join()).toContain('"icao24":"zz"');
  await page.getByRole("button", { name: "bad_last_contact", exact: true }).click();
  await expect.poll(() => samples.count()).toBe(1);
  await samples.getByRole("button", { name: "Replay" }).click();
  await expect.poll(() => page.locator(".replayed").textContent()).toBe("1 replayed: 0 clean now, 1 rejected again");
  await expect.poll(() => number(page, `${REQUEST} [data-name=rejected]`)).toBe(4);
  // the last row in the list was already replayed, and a row is replayed once per contract
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().includes("/live/replay")),
    samples.last().getByRole("button", { name: "Replay" }).click(),
  ]);
  expect(answer.status()).toBe(200);
  expect((await flowsOf(running.url)).request).toMatchObject({ received: 5, rejected: 4, balanced: true });
});

test("replays all rows that earlier rules rejected, and no others", async () => {
  const { page, installation, running } = await openProduct(browser(), {
    rows: [goodRow(), goodRow({ icao24: "zz" }), goodRow({ last_contact: 5 })],
    hash: "#tab=rejections",
  });
  await post(running.url, [goodRow({ icao24: "yy" })]);
  await expect.poll(() => number(page, `${REQUEST} [data-name=rejected]`)).toBe(3);
  const all = page.getByRole("button", { name: "Replay rows rejected by earlier rules" });
  const result = page.locator(".replayed");
  await all.click();
  await expect.poll(() => result.textContent()).toBe("0 replayed: 0 clean now, 0 rejected again");
  const objects = path.join(installation.data, "objects");
  const rejected = (await readdir(objects, { recursive: true })).filter((name) => name.startsWith("rejected/"));
  const older = rejected.find((name) => name.includes(`.${contractTag}.`)) ?? "";
  const rows = gunzipSync(await readFile(path.join(objects, older)))
    .toString()
    .trimEnd()
    .split("\n").length;
  await rename(path.join(objects, older), path.join(objects, older.replace(contractTag, "0000000000")));
  await all.click();
  await expect.poll(() => result.textContent()).toBe(`${rows} replayed: 0 clean now, ${rows} rejected again`);
  await all.click();
  await expect.poll(() => result.textContent()).toMatch(/^0 replayed/);
  // the result appears when the objects are written, and the loader loads them later
  const loaded = async () => (await flowsOf(running.url)).request;
  await expect.poll(loaded).toMatchObject({ rejected: 3 + rows, pending: 0, balanced: true });
});

test("shows bytes that are not text in hexadecimal", async () => {
  const { page, running } = await openProduct(browser(), { hash: "#tab=rejections" });
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(goodRow())}\n`), Buffer.from([0xff, 0xfe, 0x0a])]);
  await fetch(`${running.url}/v1/states`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body,
  });
  await expect.poll(() => page.locator(".rejections code").allTextContents()).toEqual(["2 bytes: ff fe"]);
});

test("shows the waiting time of the oldest pending row", async () => {
  const { page, installation, running } = await openProduct(browser(), { rows: [goodRow()] });
  await expect.poll(() => number(page, `${REQUEST} [data-name=stored]`)).toBe(1);
  await expect.poll(() => number(page, `${REQUEST} [data-name=lag]`)).toBe(0);
  // the loader waits for this lock
  const client = await installation.database.pool.connect();
  try {
    await client.query("begin; lock table deliveries in exclusive mode");
    const start = Date.now();
    await post(running.url, [goodRow({ icao24: "abc123" })]);
    const lag = () => number(page, `${REQUEST} [data-name=lag]`);
    await expect.poll(lag).toBeGreaterThanOrEqual(1);
    expect(await lag()).toBeLessThanOrEqual(Math.ceil((Date.now() - start) / 1000) + 1);
    await expect.poll(() => number(page, `${REQUEST} [data-name=pending]`)).toBe(1);
  } finally {
    await client.query("rollback");
    client.release();
  }
  await expect.poll(() => number(page, `${REQUEST} [data-name=lag]`)).toBe(0);
  await expect.poll(() => number(page, `${REQUEST} [data-name=stored]`)).toBe(2);
});

test("an outcome of a flow, or a batch, limits the table to its aircraft", async () => {
  const { page, running } = await openProduct(browser(), {
    rows: [goodRow({ icao24: "000001" }), goodRow({ icao24: "000002" })],
  });
  const listed = async (): Promise<string> =>
    (
      await page
        .locator("[role=row][data-icao24]")
        .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-icao24")).sort())
    ).join();
  const lists = (wanted: string) => expect.poll(listed).toBe(wanted);
  await lists("000001,000002");
  const second = await post(running.url, [
    goodRow({ icao24: "000003" }),
    goodRow({ icao24: "000003" }),
    goodRow({ icao24: "000001", last_contact: 5 }),
  ]);
  await lists("000001,000002,000003");
  const press = (outcome: string) => page.locator(`${REQUEST} button.${outcome}`).click();
  await press("duplicate");
  await lists("000003");
  await press("rejected");
  await lists("000001");
  await press("pending");
  await lists("");
  await press("accepted");
  await lists("000001,000002,000003");
  await page.getByRole("tab", { name: "batches" }).click();
  await page.locator(`[data-batch=${second}]`).click();
  await page.getByRole("tab", { name: "aircraft" }).click();
  await lists("000003");
  await page.keyboard.press("Escape");
  await lists("000001,000002,000003");
});

test("the panel shows flow, batch, times, flags and the received row", async () => {
  const now = Math.floor(Date.now() / 1000);
  const row = {
    icao24: "ABC123",
    callsign: " n123ab ",
    last_contact: now,
    time_position: now - 60,
    longitude: 9,
    latitude: 1,
  };
  const { page, running } = await openProduct(browser(), { hash: "#icao24=abc123" });
  const id = await post(running.url, [row]);
  await page.locator(".steps[data-flow=request]").waitFor();
  const panel = page.locator(".panel");
  await expect.poll(() => panel.locator("h2").textContent()).toContain("N123AB");
  await expect.poll(() => panel.locator("[data-name=batch]").textContent()).toBe(id.slice(0, 9));
  await expect.poll(() => panel.textContent()).toContain("Flagged by rules: stale_position");
  for (const step of ["observed", "received", "cleaned", "visible"])
    await expect.poll(() => panel.locator(`[data-name=${step}]`).textContent()).toMatch(/^\d\d:\d\d:\d\d$/);
  await panel.getByText("As received").click();
  expect(JSON.parse((await panel.locator("[data-name=raw]").textContent()) ?? "")).toEqual(row);
});

test("shows the stream record of a row", async () => {
  const { page } = await openProduct(browser(), { args: ["--from", "simulator"] });
  await expect.poll(() => aircraft(page)).toBeGreaterThan(300);
  await page.locator("[role=row][data-icao24]").first().click();
  await page.locator(".steps[data-flow=stream]").waitFor();
  await page.getByText("As received").click();
  await page.locator("[data-name=raw]").waitFor();
  // read in one step, because the next row may arrive at any time
  const { icao24, raw, observed } = await page.locator(".panel").evaluate((panel) => ({
    icao24: panel.getAttribute("data-icao24"),
    raw: panel.querySelector("[data-name=raw]")?.textContent,
    observed: panel.querySelector("[data-name=observed]")?.textContent,
  }));
  const row = JSON.parse(raw ?? "") as Record<string, unknown>;
  expect(row["icao24"]).toBe(icao24);
  expect(observed).toBe(new Date(Math.floor(Number(row["last_contact"])) * 1000).toLocaleTimeString("en-GB"));
});
