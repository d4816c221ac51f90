import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fastify from "fastify";
import { fileStore } from "../src/files/file-store.ts";
import type { Ledger, Sink } from "../src/flow/ports.ts";
import { startServer } from "../src/server/http-server.ts";
import { liveFeed } from "../src/server/live-feed.ts";
import { openskyBodies, thousands } from "./input.ts";
import { measure, type Row, rowsOf } from "./measure.ts";
import { leanClean, objectOf } from "./zod-peer.ts";

const CONCURRENCY = 8;
const REQUESTS = 40;
const AIM = { "fastify + lean zod": 2 };

/** POST of 1,000 rows until three files are durable, against a server that writes the same three files. */
export async function posting(): Promise<{ from: string; rows: Row[] }> {
  const { bodies, from } = await openskyBodies(1);
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-bench-"));
  const flightline = await startFlightline(path.join(folder, "flightline"));
  const peer = await startPeer(path.join(folder, "peer"));
  const rows: Row[] = [];
  for (const shape of ["arrays", "objects"] as const) {
    const all = thousands(bodies[0] ?? Buffer.alloc(0), 2_000, shape);
    const media_type = shape === "arrays" ? "application/json" : "application/x-ndjson";
    let next = 0;
    const send = (url: string) => sendAll(url, { media_type, body: () => all[next++ % all.length] ?? Buffer.alloc(0) });
    const measured = await measure(
      [
        { name: "flightline", run: () => send(`${flightline.url}/v1/states`) },
        { name: "fastify + lean zod", run: () => send(`${peer.url}/states`) },
      ],
      { rounds: 7, warmups: 2 },
    );
    const each = measured.map(({ name, wall_ms, cpu_ms }) => ({
      name,
      wall_ms: wall_ms / REQUESTS,
      cpu_ms: cpu_ms / REQUESTS,
    }));
    rows.push(...rowsOf(`POST of 1,000 rows, ${shape}, ${CONCURRENCY} at once`, each, AIM));
  }
  await flightline.close();
  await peer.close();
  rmSync(folder, { recursive: true });
  return { from, rows };
}

async function sendAll(url: string, { media_type, body }: { media_type: string; body(): Buffer }): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  let left = REQUESTS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await sendOne(url, { agent, media_type, body: body() });
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  agent.destroy();
}

const sendOne = (
  url: string,
  { agent, media_type, body }: { agent: http.Agent; media_type: string; body: Buffer },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = http.request(url, {
      method: "POST",
      agent,
      headers: { "content-type": media_type, "content-length": body.length },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode === 202
          ? resolve()
          : reject(new Error(`POST ${url} answered ${response.statusCode}, but 202 was expected`)),
      );
    });
    request.end(body);
  });

async function startFlightline(folder: string) {
  const never = () => Promise.reject(new Error("this question does not request /v1/flows"));
  const api = {
    objects: fileStore(folder),
    sink: {} as Sink,
    ledger: {} as Ledger,
    reader: null,
    flows: never,
    now_s: () => Date.now() / 1000,
    onError: console.error,
  };
  return startServer({ port: 0, page: { live: liveFeed(), source: "opensky" }, api, files: async () => false });
}

/** Writes the raw body, a receipt and the clean rows as gzip NDJSON. Each file and its folder entry are durable. */
async function startPeer(folder: string) {
  await mkdir(folder, { recursive: true });
  const app = fastify({ bodyLimit: 4 * 1024 * 1024 });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_, body, done) => done(null, body));
  app.post("/states", async (request, reply) => {
    const body = request.body as Buffer;
    const rows = rowsIn(body.toString());
    const kept = leanClean(rows);
    const id = randomBytes(16).toString("hex");
    await writeDurably(folder, `${id}.body`, body);
    await writeDurably(folder, `${id}.json`, Buffer.from(JSON.stringify({ id, rows: rows.length })));
    await writeDurably(
      folder,
      `${id}.ndjson.gz`,
      gzipSync(kept.map((row) => `${JSON.stringify(row)}\n`).join(""), { level: 1 }),
    );
    return reply.code(202).send({ id, received: rows.length, cleaned: kept.length });
  });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return { url, close: () => app.close() };
}

function rowsIn(text: string): unknown[] {
  if (text.startsWith('{"time"')) return (JSON.parse(text) as { states: unknown[][] }).states.map(objectOf);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

async function writeDurably(folder: string, name: string, body: Uint8Array): Promise<void> {
  const file = await open(path.join(folder, name), "wx");
  await file.writeFile(body);
  await file.datasync();
  await file.close();
  const entry = await open(folder, "r");
  await entry.sync();
  await entry.close();
}
