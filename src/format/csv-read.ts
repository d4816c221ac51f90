import { isUtf8 } from "node:buffer";
import { rawFields, type RawFieldName } from "../flight/contract.ts";
import type { RawRow } from "../flight/fill.ts";
import { UndecodableError } from "./errors.ts";
import { toText } from "./json.ts";
import { isBlank } from "./lines.ts";
import type { Rows } from "./rows.ts";

/** Column names of OpenSky's historical dumps. If a file has both names, the record's own name is read. */
const aliases: Partial<Record<RawFieldName, string>> = {
  latitude: "lat",
  longitude: "lon",
  true_track: "heading",
  vertical_rate: "vertrate",
  on_ground: "onground",
  baro_altitude: "baroaltitude",
  geo_altitude: "geoaltitude",
  time_position: "lastposupdate",
  last_contact: "lastcontact",
};

export interface CsvRecord {
  cells: string[];
  /** Index after the record's LF. */
  next: number;
  /** Number of LFs in the record. */
  lines: number;
}

/**
 * Reads one record by RFC 4180 with these extensions: a record may end at LF. A quote has a meaning only at the beginning of
 * a cell. Text after a closing quote belongs to the cell. Null if the text ends before the record.
 */
export function csvRecord(text: string, start: number, isLast: boolean): CsvRecord | null {
  const lineEnd = text.indexOf("\n", start);
  if (lineEnd < 0 && !isLast) return null;
  const end = lineEnd < 0 ? text.length : lineEnd;
  const line = text.slice(start, lineEnd > start && text.charCodeAt(lineEnd - 1) === 13 ? lineEnd - 1 : end);
  if (!line.includes('"')) return { cells: line.split(","), next: end + 1, lines: 1 };
  const cells: string[] = [];
  for (let at = start; ; at++) {
    const cell = csvCell(text, at, isLast);
    if (cell === null) return null;
    cells.push(cell.text);
    at = cell.end;
    if (text.charCodeAt(at) !== 44)
      return { cells, next: at + 1, lines: text.slice(start, at + 1).split("\n").length - 1 };
  }
}

/** Reads one cell. `end` is the index of the comma or LF after it. */
function csvCell(text: string, start: number, isLast: boolean): { text: string; end: number } | null {
  let quoted = "";
  let at = start;
  if (text.charCodeAt(at) === 34) {
    for (at++; ; at += 2) {
      const close = text.indexOf('"', at);
      if (close < 0 || (close === text.length - 1 && !isLast)) return null;
      quoted += text.slice(at, close);
      at = close;
      if (text.charCodeAt(close + 1) !== 34) break;
      quoted += '"';
    }
    at++;
  }
  const from = at;
  while (at < text.length && text.charCodeAt(at) !== 44 && text.charCodeAt(at) !== 10) at++;
  if (at === text.length && !isLast) return null;
  const rest = text.slice(
    from,
    text.charCodeAt(at) === 10 && text.charCodeAt(at - 1) === 13 && at > from ? at - 1 : at,
  );
  return { text: quoted + rest, end: at };
}

/**
 * Reads CSV text that arrives in pieces. Throws `UndecodableError` if the header is not usable. `end` throws it if the
 * header is missing.
 */
export function csvReader(rows: Rows): { push(text: string): void; end(): void } {
  let header: ((cells: readonly string[]) => RawRow) | undefined;
  let text = "";
  let ordinal = 1;
  let min_length = 0;

  const read = (isLast: boolean): void => {
    let at = 0;
    while (at < text.length) {
      const record = csvRecord(text, at, isLast);
      if (record === null) break;
      const [only] = record.cells;
      if (record.cells.length > 1 || !isBlank(only ?? "") || text[at] === '"') {
        if (header === undefined) header = csvHeader(record.cells);
        else rows.record(header(record.cells), ordinal);
      }
      at = record.next;
      ordinal += record.lines;
    }
    text = text.slice(at);
    // An incomplete record is read again only after its length has doubled. This keeps the total time linear
    min_length = 2 * text.length;
  };
  return {
    push(piece) {
      text += piece;
      if (text.length >= min_length) read(false);
    },
    end() {
      read(true);
      if (header === undefined)
        throw new UndecodableError(text === "" ? "the header line is missing" : "a quote in the header is not closed", {
          at: "line 1",
        });
      if (text !== "") rows.reject("not_csv", { ordinal, bytes: Buffer.from(text) });
    },
  };
}

/** A function that converts a record's cells to a raw row by the header's names. */
function csvHeader(names: readonly string[]): (cells: readonly string[]) => RawRow {
  const repeated = names.find((name, i) => name !== "" && names.indexOf(name) !== i);
  if (repeated !== undefined)
    throw new UndecodableError(`the header contains the column ${JSON.stringify(repeated)} twice`, { at: "line 1" });
  if (!names.includes("icao24"))
    throw new UndecodableError("the body is neither JSON nor CSV with a header that contains icao24", { at: "line 1" });
  const columns = rawFields.map(({ name }) => {
    const own = names.indexOf(name);
    return [name, own >= 0 ? own : names.indexOf(aliases[name] ?? name)] as const;
  });
  return (cells) => {
    const row: Record<string, string | null> = {};
    for (const [name, column] of columns) row[name] = cells[column] || null;
    return row;
  };
}

/** Reads a whole CSV text. Throws `UndecodableError` as `csvReader` does, and if the text is not UTF-8. */
export function readCsv(bytes: Uint8Array, rows: Rows): void {
  if (!isUtf8(bytes)) throw new UndecodableError("the body is not UTF-8");
  const reader = csvReader(rows);
  reader.push(toText(bytes));
  reader.end();
}
