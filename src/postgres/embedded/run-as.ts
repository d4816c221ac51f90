import { createHash } from "node:crypto";
import { chownSync, existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** The user that the server runs as. PostgreSQL refuses to run as root. */
export interface ServerUser {
  /** Options of spawn. */
  ids: { uid?: number; gid?: number };
  /** The command to spawn, which runs `args` as this user. */
  command(args: string[]): string[];
  /** Makes this user the owner of a folder. */
  own(folder: string): void;
  /** The owner of the files. */
  uid: number;
}

const NOBODY = 65_534;
const UNSHARE = "/usr/bin/unshare";

/**
 * The current user. Instead of root it is the user `nobody`, if that user can reach the paths. Otherwise the server runs in a
 * user namespace that maps root to another user.
 */
export function serverUser(paths: readonly string[]): ServerUser {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { ids: {}, command: (args) => args, own: () => {}, uid };
  if (paths.every((file) => isReachable(file)))
    return {
      ids: { uid: NOBODY, gid: NOBODY },
      command: (args) => args,
      own: (folder) => chownSync(folder, NOBODY, NOBODY),
      uid: NOBODY,
    };
  if (!existsSync(UNSHARE))
    throw new Error(
      `PostgreSQL cannot run as root, and user ${NOBODY} cannot reach ${paths.join(" and ")}: choose another folder with --data`,
    );
  return {
    ids: {},
    command: (args) => [UNSHARE, "--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, ...args],
    own: () => {},
    uid: 0,
  };
}

/** Whether other users have execute permission on every parent folder. */
function isReachable(file: string): boolean {
  for (let at = path.dirname(file); ; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/**
 * Creates the private folder of the server's socket. Its name is a hash of data folder and user, because the path of a socket
 * has at most 107 bytes. Throws if the folder belongs to another user.
 */
export function socketFolder(data: string, { uid, own }: ServerUser): string {
  const name = createHash("sha256").update(`${uid} ${data}`).digest("hex").slice(0, 16);
  const folder = path.join(os.tmpdir(), `flightline-${name}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
    own(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const info = lstatSync(folder);
  if (!info.isDirectory() || info.uid !== uid || (info.mode & 0o077) !== 0)
    throw new Error(`${folder} must be a private folder of this user: delete it and start again`);
  return folder;
}
