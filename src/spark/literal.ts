/** Literals of Spark SQL. A backslash in a quoted text begins an escape there, so it is doubled. */
export const textLiteral = (text: string): string => `'${escapeText(text)}'`;

const escapeText = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")
    .replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** 1.5 alone would be a DECIMAL. */
export const numberLiteral = (number: number): string => (Number.isInteger(number) ? String(number) : `${number}D`);

/** A pattern of the contract as Java reads it: its `$` also matches before a last line feed, `\z` does not. */
export function patternLiteral(pattern: string): string {
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) throw new Error(`${pattern} is not anchored at both ends`);
  return textLiteral(`${pattern.slice(0, -1)}\\z`);
}

/** Lines of SQL, each moved to the right. */
export const indent = (sql: string, by = "  "): string => sql.replaceAll(/^(?=.)/gm, by);
