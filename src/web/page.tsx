import { render } from "preact";
import { Batches } from "./batches.tsx";
import { Filters } from "./filters.tsx";
import { Flows } from "./flows.tsx";
import { Header } from "./header.tsx";
import { Help, followKeys } from "./keys.tsx";
import { SkyMap } from "./map/map.tsx";
import { Panel } from "./panel/panel.tsx";
import { Rejections } from "./rejections.tsx";
import { Slider } from "./slider.tsx";
import { Sources } from "./sources.tsx";
import { followSelected } from "./state/history.ts";
import { followServer } from "./state/live.ts";
import { followPast } from "./state/past.ts";
import { followRejected, rejectedCount } from "./state/rejected.ts";
import { followUrl } from "./state/url.ts";
import { tab, tabs } from "./state/view.ts";
import { aircraftCount } from "./state/visible-rows.ts";
import { Table } from "./table.tsx";
import { formatCount } from "./ui/format.ts";

function Page() {
  return (
    <>
      <Header />
      <main>
        <div class="stage">
          <SkyMap />
          <Panel />
          <Slider />
        </div>
        <aside aria-label="Flows and tables">
          <Flows />
          <Tabs />
        </aside>
      </main>
      <Help />
    </>
  );
}

const tabBodies = {
  aircraft: () => (
    <>
      <Filters />
      <Table />
    </>
  ),
  batches: () => <Batches />,
  rejections: () => <Rejections />,
  sources: () => <Sources />,
} as const;

function Tabs() {
  const Body = tabBodies[tab.value];
  return (
    <section class="tabs" aria-label="Tables">
      <div role="tablist" aria-label="Choose a table">
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab.value === name}
            aria-controls="tab-body"
            onClick={() => (tab.value = name)}
          >
            {name} <TabCount name={name} />
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-body" aria-labelledby={`tab-${tab.value}`} class={tab.value}>
        <Body />
      </div>
    </section>
  );
}

function TabCount({ name }: { name: (typeof tabs)[number] }) {
  const counts = { aircraft: aircraftCount, rejections: rejectedCount } as const;
  if (name !== "aircraft" && name !== "rejections") return null;
  const { value } = counts[name];
  return (
    <b data-name={name} data-value={value}>
      {formatCount(value)}
    </b>
  );
}

const root = document.getElementById("page");
if (root !== null) {
  followUrl();
  root.replaceChildren();
  render(<Page />, root);
}
followKeys();
followPast();
followRejected();
followSelected();
followServer();
