import { render } from "preact";
import { Flows } from "./flows.tsx";
import { follow } from "./live.ts";
import { Rejections } from "./rejections.tsx";
import { Sources } from "./sources.tsx";
import { isConnected, lastData, sources } from "./store.ts";
import { Table } from "./table.tsx";

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
  const last = lastData.value === null ? "" : `, last data ${new Date(lastData.value).toLocaleTimeString()}`;
  return (
    <span
      role="status"
      class={isConnected.value ? "state live" : "state stale"}
      data-connected={String(isConnected.value)}
    >
      {isConnected.value ? "live" : lastData.value === null ? "connecting" : `disconnected${last}`}
    </span>
  );
}

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<Page />, root);
}
follow();
