import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * A TCP proxy to a port of this machine. It accepts connections at once, but forwards them only some time after the first
 * connection, as a database that resumes from a pause does.
 */
export interface SleepingProxy {
  port: number;
  /** Number of connections that arrived before forwarding started. */
  waited(): number;
  /** Breaks all connections, and closes each new one until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function sleepingProxy(targetPort: number, ms: number): Promise<SleepingProxy> {
  const sockets = new Set<Socket>();
  let awake: Promise<void> | undefined;
  let isAwake = false;
  let isCut = false;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  let waited = 0;
  const forward = (socket: Socket): void => {
    const target = connect(targetPort, "127.0.0.1");
    sockets.add(target);
    target.on("close", () => socket.destroy()).on("error", () => socket.destroy());
    socket.on("close", () => target.destroy());
    socket.pipe(target).pipe(socket);
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
    void awake.then(() => forward(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    waited: () => waited,
    cut() {
      isCut = true;
      breakAll();
    },
    restore: () => void (isCut = false),
    close: () =>
      new Promise((resolve) => {
        breakAll();
        server.close(() => resolve());
      }),
  };
}
