import type { Signal } from "@preact/signals";

/** A box that is ticked while the signal is true. */
export const Check = ({ of, children }: { of: Signal<boolean>; children: string }) => (
  <label>
    <input type="checkbox" checked={of.value} onChange={(event) => (of.value = event.currentTarget.checked)} />{" "}
    {children}
  </label>
);

interface Options<T extends string | number> {
  of: Signal<T>;
  options: readonly T[];
  /** What an option is called; itself where this is not given. */
  say?: (option: T) => string;
  label: string;
  /** The label stands before it, and is not for screen readers alone. */
  isLabelSeen?: boolean;
}

/** One of some values, chosen from a list. */
export function Choose<T extends string | number>({ of, options, say = String, label, isLabelSeen }: Options<T>) {
  const select = (
    <select
      aria-label={isLabelSeen === true ? undefined : label}
      value={of.value}
      onChange={(event) => {
        const chosen = options[event.currentTarget.selectedIndex];
        if (chosen !== undefined) of.value = chosen;
      }}
    >
      {options.map((option) => (
        <option key={option} value={option}>
          {say(option)}
        </option>
      ))}
    </select>
  );
  return isLabelSeen === true ? (
    <label>
      {label} {select}
    </label>
  ) : (
    select
  );
}
