import { render } from "preact";
import { Flows } from "./flows.tsx";
import { follow } from "./live.ts";
import { Rejections } from "./rejections.tsx";
import { Sources } from "./sources.tsx";
import { connection, lastData, sources } from "./store.ts";
import { Table } from "./table.tsx";
import { clock } from "./text.ts";

function Page() {
  return (
    <>
      <header>
        <h1>Flightline</h1>
        {sources.value.some(({ simulated }) => simulated) && <span class="state simulated">simulated flights</span>}
        <Connection />
        <nav>
          <a href="/v1/flows">flows</a> <a href="/v1/openapi.json">API</a>
        </nav>
      </header>
      <main>
        <Table />
        <aside aria-label="Flows, rejections and sources">
          <Flows />
          <Rejections />
          <Sources />
        </aside>
      </main>
    </>
  );
}

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

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<Page />, root);
}
follow();
