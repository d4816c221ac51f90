import { render } from "preact";
import { Batches } from "./batches.tsx";
import { Filters } from "./filters.tsx";
import { Flows } from "./flows.tsx";
import { Header } from "./header.tsx";
import { followSelected } from "./state/history.ts";
import { Help, followKeys } from "./keys.tsx";
import { follow } from "./state/live.ts";
import { SkyMap } from "./map/map.tsx";
import { followAddress } from "./state/url.ts";
import { Panel } from "./panel/panel.tsx";
import { followPast } from "./state/past.ts";
import { followRejected, rejectedRows } from "./state/rejected.ts";
import { Rejections } from "./rejections.tsx";
import { count } from "./state/shown.ts";
import { Slider } from "./slider.tsx";
import { Sources } from "./sources.tsx";
import { Table } from "./table.tsx";
import { many } from "./ui/text.ts";
import { tab, tabs } from "./state/view.ts";

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

const bodies = {
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
  const Body = bodies[tab.value];
  return (
    <section class="tabs" aria-label="Tables">
      <div role="tablist" aria-label="What is listed">
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
            {name} <TabCount of={name} />
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-body" aria-labelledby={`tab-${tab.value}`} class={tab.value}>
        <Body />
      </div>
    </section>
  );
}

function TabCount({ of }: { of: (typeof tabs)[number] }) {
  const counts = { aircraft: count, rejections: rejectedRows } as const;
  if (of !== "aircraft" && of !== "rejections") return null;
  const { value } = counts[of];
  return (
    <b data-name={of} data-value={value}>
      {many(value)}
    </b>
  );
}

const root = document.getElementById("page");
if (root !== null) {
  followAddress();
  root.replaceChildren();
  render(<Page />, root);
}
followKeys();
followPast();
followRejected();
followSelected();
follow();
