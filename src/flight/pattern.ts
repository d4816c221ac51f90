/** A class or a character, repeated: `[0-9a-f]{6}`, `~?`. */
const ELEMENT = /(\[[^\]\\^][^\]\\]*\]|[A-Za-z0-9~/_-])(?:\{(\d+)(?:,(\d+))?\}|([?*+]))?/y;

const REPEATED: Readonly<Record<string, readonly [number, number]>> = {
  "?": [0, 1],
  "*": [0, Infinity],
  "+": [1, Infinity],
};

interface Element {
  /** Ranges of code units. */
  ranges: [number, number][];
  least: number;
  most: number;
}

/**
 * A test of a whole text against a pattern of the contract, by code points. A row of classes of which no two neighbours
 * share a character, as most of the contract's patterns are, needs no backtracking and becomes a loop, which costs a quarter
 * of a regular expression; any other pattern stays one.
 */
export function patternTest(pattern: string): (text: string) => boolean {
  const elements = elementsOf(pattern);
  if (elements === null) {
    const expression = new RegExp(pattern, "u");
    return (text) => expression.test(text);
  }
  const steps = elements.map(({ ranges, least, most }) => {
    const isIn = ranges
      .map(([low, high]) => (low === high ? `c === ${low}` : `c >= ${low} && c <= ${high}`))
      .join(" || ");
    const end = most === Infinity ? "n" : `Math.min(n, at + ${most})`;
    return `from = at; for (const end = ${end}; at < end; at++) { const c = text.charCodeAt(at); if (!(${isIn})) break; }
      if (at - from < ${least}) return false;`;
  });
  // oxlint-disable-next-line typescript/no-implied-eval -- the source is ours, made of numbers
  return new Function("text", `const n = text.length; let at = 0, from; ${steps.join("\n")} return at === n;`) as (
    text: string,
  ) => boolean;
}

/** The pattern as elements, null when it is more than that. */
function elementsOf(pattern: string): Element[] | null {
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) return null;
  const elements: Element[] = [];
  ELEMENT.lastIndex = 1;
  while (ELEMENT.lastIndex < pattern.length - 1) {
    const found = ELEMENT.exec(pattern);
    if (found === null) return null;
    const [, of = "", least, most = least, sign] = found;
    const [low, high] = REPEATED[sign ?? ""] ?? [1, 1];
    elements.push({
      ranges: rangesOf(of),
      least: least === undefined ? low : Number(least),
      most: most === undefined ? high : Number(most),
    });
  }
  return elements.every((one, i) => !overlaps(one, elements[i + 1])) ? elements : null;
}

function rangesOf(of: string): [number, number][] {
  const inner = of.startsWith("[") ? of.slice(1, -1) : of;
  return [...inner.matchAll(/([^])-([^])|[^]/g)].map(([text, low, high]) =>
    low === undefined || high === undefined
      ? [text.charCodeAt(0), text.charCodeAt(0)]
      : [low.charCodeAt(0), high.charCodeAt(0)],
  );
}

const overlaps = (one: Element, next: Element | undefined): boolean =>
  next !== undefined &&
  one.ranges.some(([low, high]) => next.ranges.some((range) => low <= range[1] && range[0] <= high));
