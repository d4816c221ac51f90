import { computed, signal } from "@preact/signals";
import { newestContact } from "./aircraft.ts";
import { sources } from "./connection.ts";

/** Unix s, updated once a second. */
export const now = signal(Math.floor(Date.now() / 1000));
setInterval(() => (now.value = Math.floor(Date.now() / 1000)), 1_000);

/** Unix s from which the ages of live rows count. If all sources are recordings: the newest contact. Otherwise: now. */
export const present = computed(() => {
  const all = sources.value;
  const isRecorded = all.length > 0 && all.every(({ recorded }) => recorded);
  return isRecorded && newestContact.value > 0 ? newestContact.value : now.value;
});
