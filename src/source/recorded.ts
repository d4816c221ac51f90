import { readPieces } from "../format/pieces.ts";
import { lineRows, type RawLine } from "../format/raw-lines.ts";
import { pause, type Sleep } from "../retry.ts";
import type { SourceStatus } from "./source.ts";

/**
 * A recorded file contains responses that were saved earlier, in any shape that the decoders read. It is opened only
 * when its turn comes.
 */
export interface RecordedFile {
  name: string;
  open(): AsyncIterable<Uint8Array>;
}

export interface RecordedOptions {
  files: readonly RecordedFile[];
  /** Recorded seconds per second; `Infinity`: as fast as the consumer accepts rows. */
  speed: number;
  now?: () => number;
  sleep?: Sleep;
}

/** Accepts rows. `room` resolves when the consumer can accept more (backpressure). */
export interface LineConsumer {
  take(line: RawLine): void;
  room(): Promise<void>;
}

/** Not a `Source`: it gives rows instead of bodies, because a recorded file can be larger than memory. */
export interface RecordedSource {
  /** Plays the files once, in order. Throws `UndecodableError` for a file that cannot be decoded. */
  play(into: LineConsumer, signal: AbortSignal): Promise<void>;
  status(): SourceStatus;
}

/** A source that plays recorded files. The rows' `last_contact` sets the pace. */
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
      const pacer = makePacer(speed, now);
      for (const file of files) {
        status.message = `recorded: ${file.name}`;
        const rows = lineRows((line) => {
          pacer.observe(line.last_contact);
          into.take(line);
        });
        for await (const _ of readPieces(file.open(), rows)) {
          Object.assign(status, { state: "live", last_data: Math.floor(now() / 1000) });
          await into.room();
          await sleep(pacer.wait_ms(), signal);
          if (signal.aborted) return;
        }
      }
      Object.assign(status, { state: "ended", message: "recorded: all files were played" });
    },
  };
}

/** `wait_ms` is the time until the newest row is due. The first row is due at once. */
function makePacer(speed: number, now: () => number) {
  let newest = -Infinity;
  let first: { at_ms: number; contact: number } | undefined;
  return {
    observe(contact: number | undefined) {
      if (contact !== undefined && contact > newest) newest = contact;
    },
    wait_ms(): number {
      if (speed === Infinity || newest === -Infinity) return 0;
      first ??= { at_ms: now(), contact: newest };
      return Math.max(0, first.at_ms + ((newest - first.contact) / speed) * 1000 - now());
    },
  };
}
