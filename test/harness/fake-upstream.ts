import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Sleep } from "../../src/retry.ts";
import type { Poll, Source, SourceStatus } from "../../src/source/source.ts";

export interface ReceivedRequest {
  method: string;
  /** Including the query. */
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}
export interface FakeResponse {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Sends the headers and `body`, and then never ends the response. */
  stall?: boolean;
}
export interface FakeUpstream {
  /** Without a trailing slash. */
  url: string;
  requests: ReceivedRequest[];
  close(): void;
}

/** A live service on 127.0.0.1 that responds by `respond` and records its requests. */
export async function fakeUpstream(respond: (request: ReceivedRequest) => FakeResponse): Promise<FakeUpstream> {
  const requests: ReceivedRequest[] = [];
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await receive(incoming);
    requests.push(request);
    send(response, respond(request));
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
  return { url: `http://127.0.0.1:${port}`, requests, close };
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = "", url = "", headers } = incoming;
  return { method, path: url, headers, body: Buffer.concat(chunks).toString() };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = "", stall = false }: FakeResponse): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  if (stall) response.write(body);
  else response.end(body);
}

export interface Run {
  polls: Poll[];
  /** s of each wait between two requests, and the source's status during it. */
  waits: number[];
  statuses: SourceStatus[];
}

/** Runs a source until it has waited `rounds` times. The waits take no time. */
export async function runSource(rounds: number, makeSource: (effects: { sleep: Sleep }) => Source): Promise<Run> {
  const run: Run = { polls: [], waits: [], statuses: [] };
  const end = new AbortController();
  const sleep = async (ms: number) => {
    run.waits.push(ms / 1_000);
    run.statuses.push(source.status());
    if (run.waits.length >= rounds) end.abort();
  };
  const source = makeSource({ sleep });
  for await (const poll of source.polls(end.signal)) run.polls.push(poll);
  run.statuses.push(source.status());
  return run;
}
