import { createHash } from "node:crypto";
import { chownSync, existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** As whom the server runs: PostgreSQL refuses to run as root. */
export interface Actor {
  /** For spawn. */
  ids: { uid?: number; gid?: number };
  /** The command as it is to be spawned. */
  command(of: string[]): string[];
  /** Gives a folder to whom the server runs as. */
  own(folder: string): void;
  /** Who the files belong to. */
  uid: number;
}

const NOBODY = 65_534;
const UNSHARE = "/usr/bin/unshare";

/** The user itself; for root nobody, or, where nobody cannot reach the paths, root under another name in a user namespace. */
export function actor(paths: readonly string[]): Actor {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { ids: {}, command: (of) => of, own: () => {}, uid };
  if (paths.every((one) => isReachable(one)))
    return {
      ids: { uid: NOBODY, gid: NOBODY },
      command: (of) => of,
      own: (folder) => chownSync(folder, NOBODY, NOBODY),
      uid: NOBODY,
    };
  if (!existsSync(UNSHARE))
    throw new Error(
      `PostgreSQL does not run as root, and nobody cannot reach ${paths.join(" and ")}: choose another folder with --data`,
    );
  return {
    ids: {},
    command: (of) => [UNSHARE, "--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, ...of],
    own: () => {},
    uid: 0,
  };
}

/** Whether others may pass every folder on the way. */
function isReachable(file: string): boolean {
  for (let at = path.dirname(file); ; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/**
 * The folder of the server's socket: short, since a socket's path ends at 107 bytes, private, and named by data folder and
 * user. Throws when another user made it.
 */
export function socketFolder(data: string, { uid, own }: Actor): string {
  const name = createHash("sha256").update(`${uid} ${data}`).digest("hex").slice(0, 16);
  const folder = path.join(os.tmpdir(), `flightline-${name}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
    own(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new Error(`${folder} is not a private folder of this user: remove it`);
  return folder;
}
