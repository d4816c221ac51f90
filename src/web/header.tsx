import { valueOf } from "../server/wire.ts";
import { showHelp } from "./keys.tsx";
import { addressOf } from "./state/aircraft.ts";
import { connection, lastData, sources } from "./state/connection.ts";
import { selected, theme, themes } from "./state/view.ts";
import { emergencies, sourceNames } from "./state/visible-rows.ts";
import { Select } from "./ui/controls.tsx";
import { formatTime } from "./ui/format.ts";

export function Header() {
  return (
    <header>
      <h1>Flightline</h1>
      {isSimulated() && <span class="state simulated">simulated flights</span>}
      {sources.value.some(({ recorded }) => recorded) && <span class="state simulated">recorded flights</span>}
      <Connection />
      <StaleSources />
      <Emergencies />
      <nav aria-label="Page">
        <a href="/v1/openapi.json">API</a>
        <Select signal={theme} options={themes} label="Theme" hasVisibleLabel />
        <button type="button" class="plain" onClick={showHelp}>
          Keys
        </button>
      </nav>
    </header>
  );
}

/** Checks the rows too: a read-only server has no sources, and rows of an earlier start may be simulated. */
const isSimulated = (): boolean =>
  sources.value.some(({ simulated }) => simulated) || sourceNames.value.some((name) => name.startsWith("simulated"));

function Connection() {
  const state = connection.value;
  const last = lastData.value === null ? "no data yet" : `last data ${formatTime(lastData.value)}`;
  return (
    <span
      role="status"
      class={state === "disconnected" ? "state stale" : "state live"}
      data-connected={String(state === "live")}
    >
      {state === "disconnected" ? `disconnected, ${last}` : state}
    </span>
  );
}

const StaleSources = () => (
  <>
    {sources.value
      .filter(({ state }) => state === "stale")
      .map(({ name, last_data }) => (
        <span key={name} class="state stale">
          {name}: {last_data === null ? "no data yet" : `stale since ${formatTime(last_data)}`}
        </span>
      ))}
  </>
);

/** The server marks an emergency after two reports at least 10 s apart. */
function Emergencies() {
  return (
    <div role="alert" class="emergencies">
      {emergencies.value.map((row) => (
        <button key={addressOf(row)} type="button" onClick={() => (selected.value = addressOf(row))}>
          Emergency {valueOf(row, "squawk")}: {valueOf(row, "callsign") ?? addressOf(row)}
        </button>
      ))}
    </div>
  );
}
