import { lineRows, type RawLine } from "../format/raw-lines.ts";
import { readPieces } from "../format/pieces.ts";
import { pause, type Sleep } from "./pause.ts";
import type { SourceStatus } from "./source.ts";

/** A file by name, opened when it is played. */
export interface RecordedFile {
  name: string;
  open(): AsyncIterable<Uint8Array>;
}

export interface RecordedOptions {
  files: readonly RecordedFile[];
  /** Recorded seconds per second; `Infinity`: as fast as rows are taken. */
  speed: number;
  now?: () => number;
  sleep?: Sleep;
}

/** Who takes the rows; `room` resolves when there is room for more. */
export interface LineTaker {
  take(line: RawLine): void;
  room(): Promise<void>;
}

export interface RecordedSource {
  /** Plays the files in their order, once. Throws `UndecodableError` for a file that cannot be decoded. */
  play(into: LineTaker, signal: AbortSignal): Promise<void>;
  status(): SourceStatus;
}

/** Recorded files, in any shape. Their last_contact tells how far apart their rows came. */
export function recorded({ files, speed, now = Date.now, sleep = pause }: RecordedOptions): RecordedSource {
  const status: SourceStatus = {
    name: files.length === 1 ? (files[0]?.name ?? "") : `${files.length} recorded files`,
    state: "waiting",
    last_data: null,
    message: "recorded",
    simulated: false,
    recorded: true,
    attribution: null,
  };
  return {
    status: () => ({ ...status }),
    async play(into, signal) {
      const pace = pacer(speed, now);
      for (const file of files) {
        status.message = `recorded: ${file.name}`;
        const rows = lineRows((line) => {
          pace.see(line.last_contact);
          into.take(line);
        });
        for await (const _ of readPieces(file.open(), rows)) {
          Object.assign(status, { state: "live", last_data: Math.floor(now() / 1000) });
          await into.room();
          await sleep(pace.wait_ms(), signal);
          if (signal.aborted) return;
        }
      }
      Object.assign(status, { state: "ended", message: "recorded: all files were played" });
    },
  };
}

/** How long to wait so that the newest row seen comes when it came, counted from the first. */
function pacer(speed: number, now: () => number) {
  let newest = -Infinity;
  let first: { at_ms: number; contact: number } | undefined;
  return {
    see(contact: number | undefined) {
      if (contact !== undefined && contact > newest) newest = contact;
    },
    wait_ms(): number {
      if (speed === Infinity || newest === -Infinity) return 0;
      first ??= { at_ms: now(), contact: newest };
      return Math.max(0, first.at_ms + ((newest - first.contact) / speed) * 1000 - now());
    },
  };
}
