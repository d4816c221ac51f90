import { useEffect } from "preact/hooks";
import { present } from "./state/clock.ts";
import { Choose } from "./ui/controls.tsx";
import { findOldest, frame, isPlaying, oldest, pastProblem, pastTime, speed, speeds } from "./state/past.ts";
import { count } from "./state/shown.ts";
import { moment, span } from "./ui/text.ts";

const DAY_S = 86_400;
/** A few odd rows of long ago would leave no room for the rest. */
const MOST_SPAN_S = 7 * DAY_S;
const LEAST_SPAN_S = 60;

/** Moves the whole page through stored time: aircraft and counters together. */
export function Slider() {
  useEffect(() => void findOldest(), [Math.floor(present.value / LEAST_SPAN_S), count.value > 0]);
  const at = pastTime.value;
  // a store without a past has none to show, but a URL may ask for one: then there is a way back
  if (oldest.value === null && at === null) return null;
  const end = present.value;
  const begin = Math.min(end - LEAST_SPAN_S, Math.max(oldest.value ?? end, end - MOST_SPAN_S));
  return (
    <section class="slider" aria-label="Time">
      <button type="button" aria-pressed={at === null} onClick={() => (pastTime.value = null)}>
        Live
      </button>
      <button
        type="button"
        onClick={() => {
          pastTime.value ??= begin;
          isPlaying.value = !isPlaying.value;
        }}
      >
        {isPlaying.value ? "Pause" : "Play"}
      </button>
      <Choose of={speed} options={speeds} say={(factor) => `${factor}×`} label="Speed" />
      <input
        type="range"
        aria-label="Time shown"
        min={begin}
        max={end}
        value={at ?? end}
        aria-valuetext={at === null ? "live" : moment(at)}
        onInput={(event) => {
          const chosen = Number(event.currentTarget.value);
          pastTime.value = chosen >= end ? null : chosen;
        }}
      />
      <span class="time" data-name="time" data-value={at ?? ""}>
        {at === null ? `live, ${span(end - begin)} stored` : moment(at)}
        {at !== null && frame.value?.at !== at && pastProblem.value === null && " …"}
      </span>
      {pastProblem.value !== null && <span role="alert">{pastProblem.value}</span>}
    </section>
  );
}
