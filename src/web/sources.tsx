import type { SourceStatus } from "../source/source.ts";
import { sources } from "./state/connection.ts";
import { formatTime } from "./ui/format.ts";

/** Each source's state, last data and attribution, and the attribution of the map. */
export function Sources() {
  return (
    <>
      {sources.value.length === 0 && (
        <p class="quiet">This server is read-only. It shows data that other servers stored.</p>
      )}
      <ul class="list" tabIndex={0} aria-label="Sources">
        {sources.value.map((source) => (
          <li key={source.name} data-source={source.name} data-state={source.state}>
            <b>{source.name}</b> <span class={`state ${source.state}`}>{source.state}</span>
            {source.simulated && <span class="state simulated">simulated</span>}
            <p class="quiet">{describe(source)}</p>
            {source.attribution !== null && <p class="quiet">{source.attribution}</p>}
          </li>
        ))}
        <li>
          <b>Map</b>
          <p class="quiet">
            Land and borders: Natural Earth (public domain). Airports: OurAirports (public domain). Cities: GeoNames (CC
            BY 4.0). Drawn by MapLibre.
          </p>
        </li>
      </ul>
    </>
  );
}

function describe({ state, message, last_data }: SourceStatus): string {
  const since = state === "stale" ? "stale since" : "last data";
  const last = last_data === null ? "no data yet" : `${since} ${formatTime(last_data)}`;
  return message === null ? last : `${last}: ${message}`;
}
