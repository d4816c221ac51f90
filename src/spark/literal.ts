/**
 * A text literal of Spark SQL. A backslash starts an escape there, so it is doubled. Characters outside ASCII become
 * escapes.
 */
export const textLiteral = (text: string): string => `'${escapeText(text)}'`;

const escapeText = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")
    .replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A number literal of Spark SQL. The suffix makes a DOUBLE, because `1.5` is a DECIMAL. */
export const numberLiteral = (number: number): string => (Number.isInteger(number) ? String(number) : `${number}D`);

/**
 * A pattern of the contract in Java's syntax. Java's `$` also matches before a final line feed. `\z` does not.
 * Throws for a pattern that is not anchored at both ends.
 */
export function patternLiteral(pattern: string): string {
  if (!pattern.startsWith("^") || !pattern.endsWith("$"))
    throw new Error(`pattern: ${pattern} is not anchored at both ends; it must start with ^ and end with $`);
  return textLiteral(`${pattern.slice(0, -1)}\\z`);
}

export const indent = (sql: string, by = "  "): string => sql.replaceAll(/^(?=.)/gm, by);
