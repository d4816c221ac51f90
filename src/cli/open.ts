import path from "node:path";
import { openAdapters, type AdapterOptions, type Adapters } from "../server/adapters.ts";
import { text, type Arguments, type Io } from "./command.ts";

/** Opens the adapters of the command's data folder. The caller closes them. */
export const openData = (args: Arguments, io: Io, options?: AdapterOptions): Promise<Adapters> =>
  openAdapters({ env: io.env, data: path.resolve(text(args, "data") ?? ".flightline") }, options);

/** Runs `work` with open adapters and closes them after it. */
export async function withAdapters<T>(args: Arguments, io: Io, work: (adapters: Adapters) => Promise<T>): Promise<T> {
  const adapters = await openData(args, io);
  try {
    return await work(adapters);
  } finally {
    await adapters.close();
  }
}
