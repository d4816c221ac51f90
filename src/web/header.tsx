import { valueOf } from "../server/wire.ts";
import { addressOf } from "./state/aircraft.ts";
import { Choose } from "./ui/controls.tsx";
import { showHelp } from "./keys.tsx";
import { connection, lastData, sources } from "./state/connection.ts";
import { emergencies, sourceNames } from "./state/shown.ts";
import { clock } from "./ui/text.ts";
import { selected, theme, themes } from "./state/view.ts";

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
        <Choose of={theme} options={themes} label="Theme" isLabelSeen />
        <button type="button" class="plain" onClick={showHelp}>
          Keys
        </button>
      </nav>
    </header>
  );
}

/** By a feed that runs here, or by what rows say: others' stores, and those of an earlier start, hold them too. */
const isSimulated = (): boolean =>
  sources.value.some(({ simulated }) => simulated) || sourceNames.value.some((name) => name.startsWith("simulated"));

function Connection() {
  const state = connection.value;
  const last = lastData.value === null ? "no data yet" : `last data ${clock(lastData.value)}`;
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

/** An upstream that fails is said where the flights are seen. */
const StaleSources = () => (
  <>
    {sources.value
      .filter(({ state }) => state === "stale")
      .map(({ name, last_data }) => (
        <span key={name} class="state stale">
          {name}: {last_data === null ? "no data yet" : `stale since ${clock(last_data)}`}
        </span>
      ))}
  </>
);

/** Two reports said so, some seconds apart. */
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
