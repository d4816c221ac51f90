import { once } from "node:events";
import net from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { goodRow } from "../harness/bodies.ts";
import { flowsOf, newInstallation, startProduct, until, type TestInstallation } from "../harness/product.ts";

type Mode = "up" | "reset" | "black hole";

/** A proxy to the tests' PostgreSQL that can reset its connections or go silent. */
async function proxyTo({
  database: { connection },
}: TestInstallation): Promise<{ port: number; set(mode: Mode): void }> {
  let mode: Mode = "up";
  const open = new Set<net.Socket>();
  const server = net.createServer((client) => {
    if (mode === "reset") return client.destroy();
    const to = net.connect(`${connection.host}/.s.PGSQL.${connection.port}`);
    for (const [from, into] of [
      [client, to],
      [to, client],
    ] as const) {
      open.add(from);
      from.on("data", (bytes) => void (mode !== "black hole" && into.write(bytes)));
      from.on("error", () => {});
      from.on("close", () => {
        open.delete(from);
        into.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    set(next) {
      // a connection that was silent has lost bytes and cannot go on
      if (next === "reset" || mode === "black hole") for (const socket of open) socket.destroy();
      mode = next;
    },
  };
}

const post = async (url: string, icao24: string): Promise<number> =>
  (
    await fetch(`${url}/v1/states`, {
      method: "POST",
      body: JSON.stringify([goodRow({ icao24 })]),
      headers: { "content-type": "application/json" },
    })
  ).status;
const health = async (url: string): Promise<number> => (await fetch(`${url}/v1/health`)).status;

test.each<Mode>(["reset", "black hole"])(
  "requests are accepted while the database is unavailable (%s), and loaded once when it is back",
  { timeout: 150_000 },
  async (away) => {
    const installation = await newInstallation();
    const proxy = await proxyTo(installation);
    const env = {
      FLIGHTLINE_POSTGRES: `postgres://postgres@127.0.0.1:${proxy.port}/${installation.database.connection.database}`,
    };
    const { url, end } = await startProduct(["--data", installation.data], env);
    expect(await post(url, "000001")).toBe(202);
    await until(
      () => flowsOf(url),
      ({ request, stream }) => (request.stored ?? 0) > 0 && (stream.stored ?? 0) > 0,
    );
    proxy.set(away);
    const during = Array.from({ length: 5 }, (_, i) => `00000${i + 2}`);
    for (const icao24 of during) expect(await post(url, icao24)).toBe(202);
    expect(
      await until(
        () => health(url),
        (status) => status === 503,
      ),
    ).toBe(503);
    proxy.set("up");
    expect(
      await until(
        () => health(url),
        (status) => status === 200,
      ),
    ).toBe(200);
    const stored = async () => {
      const rows = await Promise.all(
        ["000001", ...during].map(async (icao24) => (await fetch(`${url}/v1/aircraft/${icao24}`)).status),
      );
      return rows.filter((status) => status === 200).length;
    };
    expect(await until(stored, (count) => count === 6)).toBe(6);
    const both = await until(
      () => flowsOf(url),
      ({ request, stream }) => request.pending === 0 && stream.pending === 0,
    );
    expect([both.request.balanced, both.stream.balanced]).toEqual([true, true]);
    expect(await end("SIGTERM")).toBe(0);
  },
);
