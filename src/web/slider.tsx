import { useEffect } from "preact/hooks";
import { DAY_S } from "../time.ts";
import { present } from "./state/clock.ts";
import { fetchOldest, frame, isPlaying, oldest, pastError, pastTime, speed, speeds } from "./state/past.ts";
import { aircraftCount } from "./state/visible-rows.ts";
import { Select } from "./ui/controls.tsx";
import { formatDateTime, formatDuration } from "./ui/format.ts";

/** Limits the range: a single old row would compress the recent days to a few pixels. */
const MAX_SPAN_S = 7 * DAY_S;
const MIN_SPAN_S = 60;

/** Sets the time that the whole page displays: aircraft and counters together. */
export function Slider() {
  useEffect(() => void fetchOldest(), [Math.floor(present.value / MIN_SPAN_S), aircraftCount.value > 0]);
  const at = pastTime.value;
  // without history there is nothing to select, but a URL may still set a past time: show the way back to live
  if (oldest.value === null && at === null) return null;
  const end = present.value;
  const start = Math.min(end - MIN_SPAN_S, Math.max(oldest.value ?? end, end - MAX_SPAN_S));
  return (
    <section class="slider" aria-label="Time">
      <button type="button" aria-pressed={at === null} onClick={() => (pastTime.value = null)}>
        Live
      </button>
      <button
        type="button"
        onClick={() => {
          pastTime.value ??= start;
          isPlaying.value = !isPlaying.value;
        }}
      >
        {isPlaying.value ? "Pause" : "Play"}
      </button>
      <Select signal={speed} options={speeds} labelOf={(factor) => `${factor}×`} label="Speed" />
      <input
        type="range"
        aria-label="Time shown"
        min={start}
        max={end}
        value={at ?? end}
        aria-valuetext={at === null ? "live" : formatDateTime(at)}
        onInput={(event) => {
          const time = Number(event.currentTarget.value);
          pastTime.value = time >= end ? null : time;
        }}
      />
      <span class="time" data-name="time" data-value={at ?? ""}>
        {at === null ? `live, ${formatDuration(end - start)} stored` : formatDateTime(at)}
        {at !== null && frame.value?.at !== at && pastError.value === null && " …"}
      </span>
      {pastError.value !== null && <span role="alert">{pastError.value}</span>}
    </section>
  );
}
