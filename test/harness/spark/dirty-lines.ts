import { gzipSync } from "node:zlib";
import { rawFields } from "../../../src/flight/contract.ts";
import { pick } from "../../../src/source/simulation/random.ts";
import { ADVERSARIAL } from "./adversarial-lines.ts";
import { dirtyLeaf, goodLeaf, textJson, type Next } from "./dirty-leaves.ts";

const BLANKS = ["", "", "", "", " ", "\t", "  ", "\r"];
const UNKNOWN = [
  '"x":1',
  '"sensors":null',
  '"\\u0078":"\\ud83d\\udee9"',
  '"icao24 ":"x"',
  '"ICAO24":"ffffff"',
  '"_z":"0"',
  '"":[]',
  '"n":{"icao24":"000000","squawk":1.5}',
  '"d":12345678901234567890123456789',
  '"e":1e9999',
  '"s":"a\\u0000b\\u007f\\u2028"',
  '"flightline":1',
];

/** A row object as JSON text. Most members are valid, others are dirty, missing, repeated or unknown. */
function rowText(next: Next): string {
  const members: string[] = [];
  const dirt = pick([0, 0, 0.05, 0.15, 0.5], next());
  for (const { name, kind } of rawFields) {
    const isDirty = next() < dirt;
    if (isDirty && next() < 0.2) continue;
    const key = next() < 0.02 ? textJson(name, () => 1) : `"${name}"`;
    if (next() < 0.01) members.push(`${key}:${dirtyLeaf(name, kind, next)}`);
    members.push(
      `${key}${pick(BLANKS, next())}:${pick(BLANKS, next())}${isDirty ? dirtyLeaf(name, kind, next) : goodLeaf(name, next)}`,
    );
  }
  while (next() < 0.08) members.splice(Math.floor(members.length * next()), 0, pick(UNKNOWN, next()));
  if (next() < 0.1) members.reverse();
  return `${pick(BLANKS, next())}{${members.join(`${pick(BLANKS, next())},${pick(BLANKS, next())}`)}}${pick(BLANKS, next())}`;
}

/** Cuts the line or replaces one of its bytes, which may make it invalid UTF-8. */
function damage(line: Buffer, next: Next): Buffer {
  const at = Math.floor(line.length * next());
  const choice = next();
  if (choice < 0.3) return line.subarray(0, at);
  const copy = Buffer.from(line);
  const byte = choice < 0.7 ? 32 + Math.floor(95 * next()) : Math.floor(256 * next());
  copy[at] = byte === 10 ? 11 : byte;
  return copy;
}

export function dirtyLine(next: Next): Buffer {
  const choice = next();
  if (choice < 0.02) return Buffer.from(pick(ADVERSARIAL, next()));
  if (choice < 0.03) return Buffer.from(pick(["", " ", "\t\r", "\r", " \u000b", "\u00a0"], next()));
  const line = Buffer.from(rowText(next));
  return choice < 0.07 ? damage(line, next) : line;
}

const HEADERS = [
  '{"flightline":1,"source":"opensky","rows":9}',
  '{"flightline":1}',
  '{"flightline":1.0,"source":"a-1"}',
  '{"flightline":1,"source":null}\r',
  ' {"source":"x","flightline":1e0 }',
  '{"flightline":1,"source":"readsb","source":"opensky"}',
  '{"\\u0066lightline":1}',
];
const BAD_HEADERS = [
  '{"flightline":2}',
  '{"flightline":"1"}',
  '{"flightline":true}',
  '{"flightline":null}',
  '{"flightline":1,"source":"A"}',
  '{"flightline":1,"source":"opensky\\n"}',
  '{"flightline":1,"source":""}',
  '{"flightline":1,"source":5}',
  '{"flightline":1,"source":"x23456789012345678901234567890123"}',
];
/** First lines that resemble a header but are rows. */
const NOT_HEADERS = ['["flightline"]', '{"flightline":1', '{"flightline":NaN}', "flightline", '{"Flightline":2}'];

/**
 * A stream record of lines: plain or gzip, with one or more members, with or without a header or trailing zeros. A few
 * records are broken.
 */
export function dirtyChunk(lines: readonly Buffer[], next: Next): Buffer {
  const choice = next();
  const first =
    choice < 0.4
      ? pick(HEADERS, next())
      : choice < 0.43
        ? pick(BAD_HEADERS, next())
        : choice < 0.48
          ? pick(NOT_HEADERS, next())
          : null;
  const all = first === null ? lines : [Buffer.from(first), ...lines];
  const end = next() < 0.5 ? "\n" : "";
  const content = Buffer.from(`${all.map((line) => line.toString("latin1")).join("\n")}${end}`, "latin1");
  const form = next();
  if (form < 0.3) return content;
  const cut = Math.floor(content.length * next());
  const zipped =
    form < 0.8
      ? gzipSync(content)
      : Buffer.concat([gzipSync(content.subarray(0, cut)), gzipSync(content.subarray(cut))]);
  if (form > 0.97) return zipped.subarray(0, Math.floor(zipped.length * next()));
  if (form > 0.95)
    return Buffer.concat([zipped, Buffer.from(pick(["x", "\0x", "\u001f\u008b", "\n"], next()), "latin1")]);
  if (form > 0.93) zipped[Math.floor(zipped.length * next())] = Math.floor(256 * next());
  return form > 0.88 ? Buffer.concat([zipped, Buffer.alloc(7)]) : zipped;
}
