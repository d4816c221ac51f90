import type { SourceStatus } from "../source/source.ts";
import { sources } from "./store.ts";
import { clock } from "./text.ts";

/** Where the flights come from, how fresh that is, and whom to thank. */
export function Sources() {
  return (
    <section aria-labelledby="sources-title" class="sources">
      <h2 id="sources-title">Sources</h2>
      <ul>
        {sources.value.map((source) => (
          <li key={source.name} data-source={source.name} data-state={source.state}>
            <b>{source.name}</b> <span class={`state ${source.state}`}>{source.state}</span>
            {source.simulated && <span class="state simulated">simulated</span>}
            <p class="quiet">{about(source)}</p>
            {source.attribution !== null && <p class="quiet">{source.attribution}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function about({ state, message, last_data }: SourceStatus): string {
  const since = state === "stale" ? "stale since" : "last data";
  const last = last_data === null ? "no data yet" : `${since} ${clock(last_data)}`;
  return message === null ? last : `${last}: ${message}`;
}
