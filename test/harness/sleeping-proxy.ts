import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to a port of this machine that is open at once and leads there only some time after the first who came. */
export interface SleepingProxy {
  port: number;
  /** Connections that came while it slept. */
  waited(): number;
  /** Breaks what leads through it, and refuses what comes, until it is mended. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function sleepingProxy(to: number, ms: number): Promise<SleepingProxy> {
  const sockets = new Set<Socket>();
  let awake: Promise<void> | undefined;
  let isAwake = false;
  let isCut = false;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  let waited = 0;
  const lead = (socket: Socket): void => {
    const there = connect(to, "127.0.0.1");
    sockets.add(there);
    there.on("close", () => socket.destroy()).on("error", () => socket.destroy());
    socket.on("close", () => there.destroy());
    socket.pipe(there).pipe(socket);
  };
  const server = createServer((socket) => {
    if (isCut) return void socket.destroy();
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    awake ??= new Promise((resolve) =>
      setTimeout(() => {
        isAwake = true;
        resolve();
      }, ms),
    );
    if (!isAwake) waited++;
    void awake.then(() => lead(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    waited: () => waited,
    cut() {
      isCut = true;
      breakAll();
    },
    mend: () => void (isCut = false),
    close: () =>
      new Promise((resolve) => {
        breakAll();
        server.close(() => resolve());
      }),
  };
}
