import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.ts";
import { EMULATED } from "./kinesalite.ts";
import { certificate, tools } from "./tools.ts";

const tlsEnvironment = {
  MINISTACK_SSL_CERT: certificate.cert,
  MINISTACK_SSL_KEY: certificate.key,
  // the emulated functions inherit it, and trust the certificate too
  NODE_EXTRA_CA_CERTS: certificate.cert,
};

/** A running MiniStack: an emulator of AWS in one process on this machine. */
export interface MiniStack {
  url: string;
  /** The environment of processes and SDK clients that use the emulator. */
  env: Record<string, string>;
  log(): string;
  stop(): Promise<void>;
}

/** Starts MiniStack on a free port of 127.0.0.1. With `strict` it uses TLS and evaluates roles and policies. */
export async function startMiniStack({ strict = false } = {}): Promise<MiniStack> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "flightline-aws-"));
  const url = `${strict ? "https" : "http"}://127.0.0.1:${port}`;
  const log: string[] = [];
  const child = spawn(tools.ministack, [], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: `${path.dirname(tools.node24)}:${process.env["PATH"] ?? ""}`,
      HOME: folder,
      TMPDIR: folder,
      GATEWAY_PORT: String(port),
      BIND_HOST: "127.0.0.1",
      MINISTACK_HOST: "127.0.0.1",
      LOG_LEVEL: "WARNING",
      ...(strict ? { AUTH: "true", USE_SSL: "1", IOT_MTLS_ENABLED: "0", ...tlsEnvironment } : {}),
    },
  });
  for (const output of [child.stdout, child.stderr]) output.on("data", (part: Buffer) => log.push(part.toString()));
  const stop = async (): Promise<void> => {
    const exited = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.kill("SIGTERM")) await Promise.race([exited, sleep(5_000)]);
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  for (;;) {
    if (
      await fetch(`${url}/_ministack/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    if (child.exitCode !== null) throw new Error(`MiniStack ended: ${log.join("")}`);
    await sleep(50);
  }
  return { url, env: { ...EMULATED, AWS_ENDPOINT_URL: url }, log: () => log.join(""), stop };
}
