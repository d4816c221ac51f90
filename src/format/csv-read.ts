import { isUtf8 } from "node:buffer";
import { rawFields, type RawFieldName } from "../flight/contract.ts";
import type { RawRow } from "../flight/fill.ts";
import { UndecodableError } from "./errors.ts";
import { toText } from "./json.ts";
import { isBlank } from "./lines.ts";
import type { Rows } from "./rows.ts";

/** Names of OpenSky's historical dumps; the record's own name is read where both stand. */
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
  /** Index behind the record's LF. */
  next: number;
  /** LFs within the record. */
  lines: number;
}

/**
 * RFC 4180 as the contract reads it: a record ends at LF or CRLF, a quote counts only where a cell begins, and what stands
 * behind a closing quote belongs to the cell. Null when the record's end is not in the text.
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

/** One cell; `end` is the index of the comma or LF behind it. */
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

/** Reads CSV text that arrives in pieces. `end` throws `UndecodableError` when there was no usable header. */
export function csvReader(rows: Rows): { push(text: string): void; end(): void } {
  let header: ((cells: readonly string[]) => RawRow) | undefined;
  let text = "";
  let ordinal = 1;
  let wanted = 0;

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
    // a record that is not complete is looked at again only when twice as much of it is there
    wanted = 2 * text.length;
  };
  return {
    push(piece) {
      text += piece;
      if (text.length >= wanted) read(false);
    },
    end() {
      read(true);
      if (header === undefined)
        throw new UndecodableError(text === "" ? "there is no header line" : "a quote in the header is never closed", {
          at: "line 1",
        });
      if (text !== "") rows.reject("not_csv", { ordinal, bytes: Buffer.from(text) });
    },
  };
}

/** What turns a record's cells into a raw row, by the header's names. */
function csvHeader(names: readonly string[]): (cells: readonly string[]) => RawRow {
  const twice = names.find((name, i) => name !== "" && names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UndecodableError(`the header names ${JSON.stringify(twice)} twice`, { at: "line 1" });
  if (!names.includes("icao24"))
    throw new UndecodableError(`the body is neither JSON nor CSV with a header that has icao24`, { at: "line 1" });
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

/** Reads whole CSV text; `UndecodableError` as `csvReader`, or when it is not UTF-8. */
export function readCsv(bytes: Uint8Array, rows: Rows): void {
  if (!isUtf8(bytes)) throw new UndecodableError("the body is not UTF-8");
  const reader = csvReader(rows);
  reader.push(toText(bytes));
  reader.end();
}
