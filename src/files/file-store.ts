import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, mkdir, open, readdir, readFile, rm, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { UnavailableError } from "../flow/errors.ts";
import { checkKey, isKey } from "../flow/objects/keys.ts";
import type { ObjectInfo, ObjectStore } from "../flow/ports.ts";

/** Prefix of the names of unfinished writes. A key cannot have such a name. */
const UNFINISHED = ".new-";

/**
 * The `ObjectStore` port on a folder. `put` writes and syncs the body under an unfinished name, and then links it to its own
 * name. The link makes the whole body visible at once, and fails if the name exists. `put` syncs the folder before it
 * answers.
 */
export function fileStore(folder: string): ObjectStore {
  const pathOf = (key: string): string => path.join(folder, ...checkKey(key).split("/"));
  const made = new Set<string>();
  return {
    async put(key, body) {
      const target = pathOf(key);
      return available(async () => {
        await makeFolder(folder, path.dirname(target), made);
        return await writeOnce(target, body);
      });
    },
    async get(key) {
      return available(() => unlessMissing(readFile(pathOf(key)), null));
    },
    list: (prefix) => listFolder(folder, prefix),
    async delete(key) {
      await available(() => unlessMissing(unlink(pathOf(key)), undefined));
    },
  };
}

async function writeOnce(target: string, body: Uint8Array): Promise<"created" | "exists"> {
  const aside = path.join(path.dirname(target), `${UNFINISHED}${process.pid}-${randomBytes(6).toString("hex")}`);
  const file = await open(aside, "wx");
  try {
    await file.writeFile(body);
    await file.datasync();
  } finally {
    await file.close();
  }
  try {
    await link(aside, target);
    await syncFolder(path.dirname(target));
    return "created";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return "exists";
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Creates a folder with its parents, and syncs the entry of each new one. */
async function makeFolder(root: string, folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return;
  const first = await mkdir(folder, { recursive: true });
  if (first !== undefined)
    for (let at = folder; at.length >= path.dirname(first).length && at !== path.dirname(at); at = path.dirname(at))
      await syncFolder(at);
  if (folder.startsWith(root)) made.add(folder);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessMissing<T>(work: Promise<T>, missing: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return missing;
    throw error;
  }
}

/** Translates errors of the disk and of the process's file limit, which may be temporary. */
async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT" || code === "EIO" || code === "EROFS" || code === "EMFILE")
      throw new UnavailableError(`object store unavailable: ${code}`, { cause, retry_after_s: 30 });
    throw cause;
  }
}

/** Lists depth first, in the byte order of whole keys: a folder compares as its name followed by a slash. */
async function* listFolder(folder: string, prefix: string): AsyncGenerator<ObjectInfo> {
  const slash = prefix.lastIndexOf("/");
  const start = slash < 0 ? "" : prefix.slice(0, slash);
  if (start !== "") checkKey(start);
  yield* walk(folder, start === "" ? "" : `${start}/`, prefix);
}

async function* walk(root: string, base: string, prefix: string): AsyncGenerator<ObjectInfo> {
  const entries = await unlessMissing(readdir(path.join(root, base), { withFileTypes: true }), []);
  const names = entries
    // skips unfinished writes and Spark's temporary files: their names are not keys
    .filter((entry) => isKey(entry.name))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => `${base}${name}`.startsWith(prefix) || prefix.startsWith(`${base}${name}`))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    const key = `${base}${name}`;
    if (name.endsWith("/")) yield* walk(root, key, prefix);
    else if (key.startsWith(prefix)) {
      const info = await unlessMissing(stat(path.join(root, key)), null);
      if (info !== null) yield { key, size: info.size, modified: info.mtimeMs / 1000 };
    }
  }
}
