import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, mkdir, open, readdir, readFile, rm, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { UnavailableError } from "../flow/errors.ts";
import { checkKey, isKey } from "../flow/objects/object-key.ts";
import type { ObjectInfo, ObjectStore } from "../flow/ports.ts";

/** Names beginning with this are writes under way; no key can have one. */
const UNFINISHED = ".new-";

/**
 * The `ObjectStore` port on a folder. A body is written aside, synchronised, and linked to its name: the link is what makes
 * it visible, whole, and fails when the name is taken. The folder's entry is synchronised before `put` answers.
 */
export function fileStore(folder: string): ObjectStore {
  const pathOf = (key: string): string => path.join(folder, ...checkKey(key).split("/"));
  const made = new Set<string>();
  return {
    async put(key, body) {
      const target = pathOf(key);
      return available(async () => {
        await makeFolder(folder, path.dirname(target), made);
        const result = await writeOnce(target, body);
        return result;
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

/** Makes a folder and synchronises each new one's entry in its parent. */
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

/** A full disk or one that fails is a state of the world that may pass. */
async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT" || code === "EIO" || code === "EROFS" || code === "EMFILE")
      throw new UnavailableError(`the object store cannot take more: ${code}`, { cause, retry_after_s: 30 });
    throw cause;
  }
}

/** Depth first in byte order: entries compare as they do in whole keys, a folder as its name with a slash behind it. */
async function* listFolder(folder: string, prefix: string): AsyncGenerator<ObjectInfo> {
  const slash = prefix.lastIndexOf("/");
  const start = slash < 0 ? "" : prefix.slice(0, slash);
  if (start !== "") checkKey(start);
  yield* walk(folder, start === "" ? "" : `${start}/`, prefix);
}

async function* walk(root: string, base: string, prefix: string): AsyncGenerator<ObjectInfo> {
  const entries = await unlessMissing(readdir(path.join(root, base), { withFileTypes: true }), []);
  const names = entries
    // what is unfinished has no key's name, and so has what Spark leaves
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
