/** A character class or a character, with its repetition: `[0-9a-f]{6}`, `~?`. */
const ELEMENT = /(\[[^\]\\^][^\]\\]*\]|[A-Za-z0-9~/_-])(?:\{(\d+)(?:,(\d+))?\}|([?*+]))?/y;

const REPETITIONS: Readonly<Record<string, readonly [number, number]>> = {
  "?": [0, 1],
  "*": [0, Infinity],
  "+": [1, Infinity],
};

interface Element {
  /** Ranges of code units. */
  ranges: [number, number][];
  min: number;
  max: number;
}

/**
 * A function that tests whether a whole text matches a pattern of the contract, by code points. Most of the contract's
 * patterns are a sequence of classes in which no two neighbors share a character. Such a pattern needs no backtracking, so
 * it is compiled to loops, which take a quarter of the time. Any other pattern stays a regular expression.
 */
export function patternTest(pattern: string): (text: string) => boolean {
  const elements = elementsOf(pattern);
  if (elements === null) {
    const expression = new RegExp(pattern, "u");
    return (text) => expression.test(text);
  }
  const steps = elements.map(({ ranges, min, max }) => {
    const isIn = ranges
      .map(([low, high]) => (low === high ? `c === ${low}` : `c >= ${low} && c <= ${high}`))
      .join(" || ");
    const end = max === Infinity ? "n" : `Math.min(n, at + ${max})`;
    return `from = at; for (const end = ${end}; at < end; at++) { const c = text.charCodeAt(at); if (!(${isIn})) break; }
      if (at - from < ${min}) return false;`;
  });
  // oxlint-disable-next-line typescript/no-implied-eval -- the source is generated, and only numbers vary in it
  return new Function("text", `const n = text.length; let at = 0, from; ${steps.join("\n")} return at === n;`) as (
    text: string,
  ) => boolean;
}

/** The pattern as elements. Null if it needs a regular expression. */
function elementsOf(pattern: string): Element[] | null {
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) return null;
  const elements: Element[] = [];
  ELEMENT.lastIndex = 1;
  while (ELEMENT.lastIndex < pattern.length - 1) {
    const match = ELEMENT.exec(pattern);
    if (match === null) return null;
    const [, characters = "", min, max = min, sign] = match;
    const [low, high] = REPETITIONS[sign ?? ""] ?? [1, 1];
    elements.push({
      ranges: rangesOf(characters),
      min: min === undefined ? low : Number(min),
      max: max === undefined ? high : Number(max),
    });
  }
  return elements.every((element, i) => !overlaps(element, elements[i + 1])) ? elements : null;
}

/** The ranges of a character class such as `[0-9a-f]`, or of a single character. */
function rangesOf(characters: string): [number, number][] {
  const inner = characters.startsWith("[") ? characters.slice(1, -1) : characters;
  return [...inner.matchAll(/([^])-([^])|[^]/g)].map(([text, low, high]) =>
    low === undefined || high === undefined
      ? [text.charCodeAt(0), text.charCodeAt(0)]
      : [low.charCodeAt(0), high.charCodeAt(0)],
  );
}

const overlaps = (element: Element, next: Element | undefined): boolean =>
  next !== undefined &&
  element.ranges.some(([low, high]) => next.ranges.some((range) => low <= range[1] && range[0] <= high));
