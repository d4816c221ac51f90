import type { Signal } from "@preact/signals";

/** A checkbox bound to a signal. */
export const Checkbox = ({ signal, children }: { signal: Signal<boolean>; children: string }) => (
  <label>
    <input type="checkbox" checked={signal.value} onChange={(event) => (signal.value = event.currentTarget.checked)} />{" "}
    {children}
  </label>
);

interface SelectOptions<T extends string | number> {
  signal: Signal<T>;
  options: readonly T[];
  /** The text of an option. Default: the option itself. */
  labelOf?: (option: T) => string;
  label: string;
  /** Shows the label in front of the list. By default only screen readers announce it. */
  hasVisibleLabel?: boolean;
}

/** A drop-down list bound to a signal. */
export function Select<T extends string | number>({
  signal,
  options,
  labelOf = String,
  label,
  hasVisibleLabel,
}: SelectOptions<T>) {
  const select = (
    <select
      aria-label={hasVisibleLabel === true ? undefined : label}
      value={signal.value}
      onChange={(event) => {
        const option = options[event.currentTarget.selectedIndex];
        if (option !== undefined) signal.value = option;
      }}
    >
      {options.map((option) => (
        <option key={option} value={option}>
          {labelOf(option)}
        </option>
      ))}
    </select>
  );
  return hasVisibleLabel === true ? (
    <label>
      {label} {select}
    </label>
  ) : (
    select
  );
}
