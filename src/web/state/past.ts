import { effect, signal } from "@preact/signals";
import type { Frame } from "../../server/wire.ts";
import { present } from "./clock.ts";

/** The displayed past time, Unix s. Null: live. */
export const pastTime = signal<number | null>(null);
export const frame = signal<Frame | null>(null);
export const isPlaying = signal(false);
export const speeds = [1, 10, 60, 300] as const;
/** Stored seconds per second. */
export const speed = signal<(typeof speeds)[number]>(60);
/** Why the past cannot be shown. Null without an error. */
export const pastError = signal<string | null>(null);
/** Unix s of the oldest stored row. Null where none is known. */
export const oldest = signal<number | null>(null);

const STEP_MS = 1_000;

/** Fetches the frame of `pastTime`. One request runs at a time, and the next one is for the latest `pastTime`. */
export function followPast(): void {
  let isFetching = false;
  const fetchNext = async (): Promise<void> => {
    const at = pastTime.value;
    if (isFetching || at === null || at === frame.value?.at) return;
    isFetching = true;
    await fetchFrame(at);
    isFetching = false;
    if (pastTime.value !== at) void fetchNext();
  };
  effect(() => {
    if (pastTime.value === null) leavePast();
    else void fetchNext();
  });
  setInterval(playStep, STEP_MS);
}

function leavePast(): void {
  frame.value = null;
  isPlaying.value = false;
  pastError.value = null;
}

async function fetchFrame(at: number): Promise<void> {
  try {
    const response = await fetch(`/live/at/${at}`);
    const answer = (await response.json()) as Frame | { error: { message: string } };
    if (pastTime.value === null) return;
    pastError.value = "error" in answer ? answer.error.message : null;
    if (!("error" in answer)) frame.value = answer;
  } catch {
    pastError.value = "the server does not respond";
  }
}

/** Advances the displayed time once its frame is loaded. At the present, the page returns to live. */
function playStep(): void {
  const at = pastTime.value;
  if (!isPlaying.value || document.hidden || at === null || frame.value?.at !== at) return;
  const next = at + speed.value;
  pastTime.value = next >= present.value ? null : next;
}

/** Fetches the time of the oldest stored row. */
export async function fetchOldest(): Promise<void> {
  try {
    const response = await fetch("/live/oldest");
    if (response.ok) oldest.value = ((await response.json()) as { oldest: number | null }).oldest;
  } catch {
    // `connection` reports a lost server
  }
}
