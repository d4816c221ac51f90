import { valueOf } from "../server/wire.ts";
import { addressOf } from "./state/aircraft.ts";
import { isPlaying, pastTime } from "./state/past.ts";
import { originFilter, selected, tab } from "./state/view.ts";
import { tableRows } from "./state/visible-rows.ts";

const keys = [
  ["/", "search"],
  ["↓ ↑ in the table", "select the next or previous aircraft"],
  ["arrows, + and − on the map", "move and zoom"],
  ["Esc", "close the panel or remove the filter"],
  ["Space at a past time", "play or pause"],
  ["l", "return to live"],
  ["?", "show this list"],
] as const;
const HELP = "help";

export function Help() {
  return (
    <dialog id={HELP} aria-label="Keys">
      <h2>Keys</h2>
      <dl>
        {keys.map(([key, effect]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}

const helpDialog = (): HTMLDialogElement => document.getElementById(HELP) as HTMLDialogElement;
export const showHelp = (): void => helpDialog().showModal();

export function followKeys(): void {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.matches("input[type=search], select");
    if (event.ctrlKey || event.metaKey || event.altKey || helpDialog().open) return;
    if (event.key === "Escape") return closeTopmost();
    const action = isTyping ? undefined : actions[event.key];
    if (action?.(event) === true) event.preventDefault();
  });
}

/** An action returns true when it used the key, so that the browser ignores the key. */
const actions: Record<string, (event: KeyboardEvent) => boolean> = {
  "/": focusSearch,
  "?": () => (showHelp(), true),
  l: () => ((pastTime.value = null), true),
  " ": ({ target }) => {
    if (pastTime.value === null || (target instanceof Element && target.matches("button, [type=checkbox]")))
      return false;
    isPlaying.value = !isPlaying.value;
    return true;
  },
};

function focusSearch(): boolean {
  tab.value = "aircraft";
  const focus = (): boolean => {
    const search = document.querySelector<HTMLElement>("input[type=search]");
    search?.focus();
    return search !== null;
  };
  // after a change of tab, the input exists from the next frame on
  if (!focus()) requestAnimationFrame(focus);
  return true;
}

function closeTopmost(): void {
  if (selected.value !== null) selected.value = null;
  else originFilter.value = null;
}

/** Selects the aircraft `step` rows below the selected one in the table. Returns its row index, or -1 for an empty table. */
export function selectNext(step: number): number {
  const current = tableRows.value.findIndex((row) => valueOf(row, "icao24") === selected.value);
  const next = Math.max(0, Math.min(tableRows.value.length - 1, current + step));
  const row = tableRows.value[next];
  if (row === undefined) return -1;
  selected.value = addressOf(row);
  return next;
}
