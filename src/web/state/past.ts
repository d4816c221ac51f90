import { effect, signal } from "@preact/signals";
import type { Frame } from "../../server/wire.ts";
import { present } from "./clock.ts";

/** The past moment that is shown, Unix s; null: the present. */
export const pastTime = signal<number | null>(null);
export const frame = signal<Frame | null>(null);
export const isPlaying = signal(false);
export const speeds = [1, 10, 60, 300] as const;
/** Stored seconds per second. */
export const speed = signal<(typeof speeds)[number]>(60);
/** Why the past cannot be shown; null where it can. */
export const pastProblem = signal<string | null>(null);
/** Unix s of the oldest stored row; null where none is known. */
export const oldest = signal<number | null>(null);

const STEP_MS = 1_000;

/** Follows `pastTime`: one question at a time, the newest one next. */
export function followPast(): void {
  let isAsking = false;
  const ask = async (): Promise<void> => {
    const at = pastTime.value;
    if (isAsking || at === null || at === frame.value?.at) return;
    isAsking = true;
    await fetchFrame(at);
    isAsking = false;
    if (pastTime.value !== at) void ask();
  };
  effect(() => {
    if (pastTime.value === null) leave();
    else void ask();
  });
  setInterval(step, STEP_MS);
}

function leave(): void {
  frame.value = null;
  isPlaying.value = false;
  pastProblem.value = null;
}

async function fetchFrame(at: number): Promise<void> {
  try {
    const response = await fetch(`/live/at/${at}`);
    const answer = (await response.json()) as Frame | { error: { message: string } };
    if (pastTime.value === null) return;
    pastProblem.value = "error" in answer ? answer.error.message : null;
    if (!("error" in answer)) frame.value = answer;
  } catch {
    pastProblem.value = "the server does not answer";
  }
}

/** A second of playing; a frame that is not there yet is waited for. The end is the present. */
function step(): void {
  const at = pastTime.value;
  if (!isPlaying.value || document.hidden || at === null || frame.value?.at !== at) return;
  const next = at + speed.value;
  pastTime.value = next >= present.value ? null : next;
}

/** Asks how far back rows are stored. */
export async function findOldest(): Promise<void> {
  try {
    const response = await fetch("/live/oldest");
    if (response.ok) oldest.value = ((await response.json()) as { oldest: number | null }).oldest;
  } catch {
    // the connection's own state tells that the server is away
  }
}
