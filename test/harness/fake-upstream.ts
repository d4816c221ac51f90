import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Poll, Source, SourceStatus } from "../../src/source/source.ts";

export interface Seen {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}
/** `stall`: headers and the body's beginning are sent, and then nothing more. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  stall?: boolean;
}
export interface Upstream {
  /** Without a slash at the end. */
  url: string;
  seen: Seen[];
  close(): void;
}

/** A server on 127.0.0.1 that answers as `answer` says and keeps what it was asked. */
export async function fakeUpstream(answer: (seen: Seen) => Answer): Promise<Upstream> {
  const seen: Seen[] = [];
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const one = await receive(incoming);
    seen.push(one);
    send(response, answer(one));
  };
  const server = createServer((incoming, response) => {
    void serve(incoming, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, seen, close };
}

async function receive(incoming: IncomingMessage): Promise<Seen> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const { method = "", url = "", headers } = incoming;
  return { method, path: url, headers, body: Buffer.concat(parts).toString() };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = "", stall = false }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  if (stall) response.write(body);
  else response.end(body);
}

export interface Run {
  polls: Poll[];
  /** s that the source waited between its requests, and its status each time it did. */
  waits: number[];
  statuses: SourceStatus[];
}
type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Runs a source without waiting, until it has waited `rounds` times. */
export async function runSource(rounds: number, make: (around: { sleep: Sleep }) => Source): Promise<Run> {
  const run: Run = { polls: [], waits: [], statuses: [] };
  const end = new AbortController();
  const sleep = async (ms: number) => {
    run.waits.push(ms / 1_000);
    run.statuses.push(source.status());
    if (run.waits.length >= rounds) end.abort();
  };
  const source = make({ sleep });
  for await (const poll of source.polls(end.signal)) run.polls.push(poll);
  run.statuses.push(source.status());
  return run;
}
