import { valueOf } from "../server/wire.ts";
import { addressOf } from "./state/aircraft.ts";
import { isPlaying, pastTime } from "./state/past.ts";
import { listed } from "./state/shown.ts";
import { choice, selected, tab } from "./state/view.ts";

const keys = [
  ["/", "search"],
  ["↓ ↑ in the table", "select the next or the previous aircraft"],
  ["arrows, + and − on the map", "move and zoom"],
  ["Esc", "close what is selected or chosen"],
  ["Space in the past", "play and pause"],
  ["l", "back to the present"],
  ["?", "this list"],
] as const;
const HELP = "help";

export function Help() {
  return (
    <dialog id={HELP} aria-label="Keys">
      <h2>Keys</h2>
      <dl>
        {keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
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
    if (event.key === "Escape") return leave();
    const act = isTyping ? undefined : actions[event.key];
    if (act?.(event) === true) event.preventDefault();
  });
}

/** Each tells whether the key was its own. */
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
  // where the tab was another, its input comes with the next frame
  if (!focus()) requestAnimationFrame(focus);
  return true;
}

function leave(): void {
  if (selected.value !== null) selected.value = null;
  else choice.value = null;
}

/** Selects the listed aircraft `by` places after the selected one; returns its place, or -1 where there is none. */
export function selectNext(by: number): number {
  const at = listed.value.findIndex((row) => valueOf(row, "icao24") === selected.value);
  const next = Math.max(0, Math.min(listed.value.length - 1, at + by));
  const row = listed.value[next];
  if (row === undefined) return -1;
  selected.value = addressOf(row);
  return next;
}
