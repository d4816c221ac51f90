import http from "node:http";
import { chromium, type Browser, type CDPSession, type Page } from "playwright-core";
import { cpuOf_s, postgresBelow_s } from "./cpu-time.ts";
import { median, type Row } from "./measure.ts";
import { feed, feedTicks, pause, serve, serveWithoutFeed, TICK_MS } from "./page-feed.ts";

/** Duration of each of the two soaks. FLIGHTLINE_BENCH_MINUTES=1 is a short run. */
const MINUTES = Number(process.env["FLIGHTLINE_BENCH_MINUTES"] ?? 10);
const AIRCRAFT = 10_000;
const MANY_AIRCRAFT = 30_000;
const TICKS = 20;

/** Measures the page in a real browser with software GL. This process feeds the server. */
export async function page(): Promise<{ from: string; rows: Row[] }> {
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
  });
  const rows = [
    await firstAircraft(browser),
    ...(await soak(browser, 0.2)),
    ...(await soak(browser, 1)),
    ...(await refresh(browser, MANY_AIRCRAFT, 100)),
  ];
  await browser.close();
  return { from: `${AIRCRAFT} generated aircraft`, rows };
}

/**
 * Times the page's handler of a tick, effects included. The script is text, because a transpiled function would call
 * helpers that the page does not have.
 */
const TIMED = `
  globalThis.ticks = [];
  const add = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (name, handle) {
    add.call(this, name, name !== "aircraft" ? handle : (event) => {
      const start = performance.now();
      handle(event);
      ticks.push(performance.now() - start);
      if (ticks.length > 100) ticks.shift();
    });
  };`;

async function open(browser: Browser, url: string): Promise<{ page: Page; cdp: CDPSession }> {
  const opened = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await opened.addInitScript(TIMED);
  await opened.goto(url);
  const cdp = await opened.context().newCDPSession(opened);
  await cdp.send("Performance.enable");
  return { page: opened, cdp };
}

/** The time from the command to the first drawn aircraft. */
async function firstAircraft(browser: Browser): Promise<Row> {
  const start = performance.now();
  const served = await serve([]);
  const opened = await browser.newPage();
  await opened.goto(served.url);
  await drawn(opened, 1);
  const s = (performance.now() - start) / 1000;
  await opened.close();
  await served.end();
  return figure("start to the first aircraft drawn", `${s.toFixed(1)} s`, ["5 s", s <= 5]);
}

const DRAWN_WITHIN_MS = 60_000;
/** An aircraft near 0, 0 gets no position, so a few of them are not drawn. */
const MIN_DRAWN_PART = 0.999;

async function drawn(on: Page, count: number): Promise<void> {
  const start = performance.now();
  while (Number((await on.locator(".map").getAttribute("data-drawn")) ?? 0) < count * MIN_DRAWN_PART) {
    if (performance.now() - start > DRAWN_WITHIN_MS)
      throw new Error(`timeout: fewer than ${count} aircraft drawn after ${DRAWN_WITHIN_MS / 1000} s`);
    await pause(20);
  }
}

interface Metrics {
  heap: number;
  task_s: number;
  listeners: number;
}

async function metricsOf(cdp: CDPSession): Promise<Metrics> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return { heap: value("JSHeapUsedSize"), task_s: value("TaskDuration"), listeners: value("JSEventListeners") };
}

/** Changes a part of all aircraft every second, with two clients. Measures CPU, memory and the cost of a tick in the page. */
async function soak(browser: Browser, part: number): Promise<Row[]> {
  const served = await serveWithoutFeed();
  const { to, close } = await feed(served.data);
  const some = AIRCRAFT * part;
  const start = performance.now();
  const feeding = feedTicks(to, { count: AIRCRAFT, some, ticks: MINUTES * 60 + 30 });
  const { page: opened, cdp } = await open(browser, served.url);
  await drawn(opened, AIRCRAFT);
  const ready_s = (performance.now() - start) / 1000;
  const stream = await sizeOfTicks(served.url, some);
  const listen = http.get(`${served.url}/live/events`, (response) => response.resume());
  await pause(20_000);
  const before = { ...(await metricsOf(cdp)), node: cpuOf_s(served.pid), postgres: postgresBelow_s(served.pid) };
  const from = performance.now();
  await pause(MINUTES * 60_000 - (performance.now() - start) + 25_000);
  const after = { ...(await metricsOf(cdp)), node: cpuOf_s(served.pid), postgres: postgresBelow_s(served.pid) };
  const wall = (performance.now() - from) / 1000;
  const ticks = (await opened.evaluate(() => (globalThis as Record<string, unknown>)["ticks"])) as number[];
  const table = part === 1 ? [] : await tableTimes(opened);
  await feeding;
  listen.destroy();
  const workers = opened.workers().length;
  await opened.close();
  await close();
  await served.end();
  const share = `${part * 100} % of ${AIRCRAFT} changed a tick, two clients, ${Math.round(wall / 60)} min`;
  const [node, postgres] = [(after.node - before.node) / wall, (after.postgres - before.postgres) / wall];
  const growth = after.heap / before.heap - 1;
  const task_ms = ((after.task_s - before.task_s) / wall) * 1000;
  const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`;
  return [
    figure(`ready with ${AIRCRAFT} aircraft`, `${ready_s.toFixed(1)} s`, ["10 s", ready_s <= 10]),
    figure(`${share}: CPU of Node`, `${percent(node)} of a core`, part === 1 ? undefined : ["30 %", node < 0.3]),
    figure(`${share}: CPU of PostgreSQL`, `${percent(postgres)} of a core`),
    figure(`${share}: heap of the page`, `${mb(before.heap)} to ${mb(after.heap)}, ${percent(growth)}`, [
      "10 %",
      growth <= 0.1,
    ]),
    figure(`${share}: listeners, workers`, `${before.listeners} to ${after.listeners}, ${workers}`, [
      "no growth, 1",
      after.listeners <= before.listeners && workers === 1,
    ]),
    figure(
      `${share}: a tick in the page`,
      `${median(ticks).toFixed(1)} ms sync, ${task_ms.toFixed(0)} ms main thread`,
      ["10 ms, 50 ms", median(ticks) <= 10 && task_ms <= 50],
    ),
    figure(`${share}: bytes a changed aircraft`, stream.toFixed(1), ["50", stream <= 50]),
    ...table,
  ];
}

/** Measures the cost of ticks with more aircraft. */
async function refresh(browser: Browser, count: number, aim_ms: number): Promise<Row[]> {
  const served = await serveWithoutFeed();
  const { to, close } = await feed(served.data);
  const feeding = feedTicks(to, { count, some: count / 5, ticks: 2 * TICKS + 20 });
  const { page: opened, cdp } = await open(browser, served.url);
  await drawn(opened, count);
  const before = await metricsOf(cdp);
  const from = performance.now();
  await pause(TICKS * TICK_MS);
  const after = await metricsOf(cdp);
  const task_ms = ((after.task_s - before.task_s) / (performance.now() - from)) * 1_000_000;
  const ticks = (await opened.evaluate(() => (globalThis as Record<string, unknown>)["ticks"])) as number[];
  await feeding;
  await opened.close();
  await close();
  await served.end();
  return [
    figure(
      `a tick in the page, ${count} aircraft`,
      `${median(ticks).toFixed(1)} ms sync, ${task_ms.toFixed(0)} ms main thread`,
      [`${aim_ms} ms`, task_ms <= aim_ms],
    ),
  ];
}

/** The time from a click on a column title, or from a search input, to the next frame. */
async function tableTimes(on: Page): Promise<Row[]> {
  const timed = (act: string): Promise<number> =>
    on.evaluate(`(async () => {
      const start = performance.now();
      ${act};
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return performance.now() - start;
    })()`);
  const sort = await timed(`document.querySelector(".titles .velocity button").click()`);
  const filter = await timed(`const search = document.querySelector("input[type=search]");
      search.value = "B77";
      search.dispatchEvent(new Event("input", { bubbles: true }))`);
  return [
    figure("sort and filter 10000 rows", `${sort.toFixed(0)} ms, ${filter.toFixed(0)} ms`, [
      "100 ms",
      sort <= 100 && filter <= 100,
    ]),
  ];
}

/** Bytes per changed aircraft, over at least five deltas. */
async function sizeOfTicks(url: string, some: number): Promise<number> {
  const response = await fetch(`${url}/live/events`);
  let text = "";
  for await (const part of response.body ?? []) {
    text += Buffer.from(part).toString();
    if (text.split("event: aircraft").length > 6) break;
  }
  const deltas = [...text.matchAll(/event: aircraft\ndata: (\{.*\})\n\n/g)].map(([, data = ""]) => data);
  const rows = deltas.reduce((sum, data) => sum + (JSON.parse(data) as { changes: unknown[] }).changes.length, 0);
  if (rows < some) throw new Error(`the deltas changed ${rows} aircraft, expected at least ${some}`);
  return deltas.reduce((sum, data) => sum + data.length, 0) / rows;
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function figure(question: string, ours: string, [aim, met]: [string, boolean] | [] = []): Row {
  return { question, ours, peer: "", ratio: null, aim: aim ?? "", met: met ?? null };
}
