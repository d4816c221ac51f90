import { gzipSync } from "node:zlib";
import { rawFields } from "../../src/flight/contract.ts";
import { pick } from "../../src/source/random.ts";
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

/** A row object as JSON text: most members good, some dirty, missing, twice or unknown, in any order. */
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

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const LAST_CONTACT = "1750000000";
const minimal = (member: string): string => `{"icao24":"3c6444","last_contact":${LAST_CONTACT},${member}}`;

/** A number of more than 1,000 digits none of whose runs is that long. */
const longNumber = (whole: number, fraction: number): string => `${"1".repeat(whole)}.${"0".repeat(fraction)}`;
/** Names that Java's readers of JSON give one hash, as members. */
const alike = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, i) => {
    const bits = (from + i).toString(2).padStart(11, "0");
    return `"${bits.replaceAll("0", "aB").replaceAll("1", "b!")}":0`;
  }).join(",");

/** Texts that two readers of JSON may see differently. */
const ADVERSARIAL: readonly string[] = [
  ...'{} [] null true 5 -5 1e3 "x" "" [1,2] [{}] {"a":1}} {"a":1}{"b":2} {"a":1},{"b":2} {"a":1}] ]{"a":1} {"a":01} {"a":+1} {"a":.5} {"a":5.} {"a":1e} {"a":-} {"a":NaN} {"a":Infinity} {"a":-Infinity} {a:1} {\'a\':1} {"a":\'b\'} {"a":1,} {,} [,] {"a"} {"a":} {:1} nul nulll tru TRUE undefined // # /**/{} {"a":0x1} {"a":1_0} "a""b" -0 00 {"a":tRue} NaN Infinity'.split(
    " ",
  ),
  '{"a":1} x',
  '{"a":1} {"b":2}',
  '{"a":1} // x',
  '{"a":1}/* x */',
  '{"a":"\\x41"}',
  '{"a":"\\u12"}',
  '{"a":"\\U0041"}',
  '{"a":"\\\'"}',
  '{"a":"x\ty"}',
  '{"a":"x\u0000y"}',
  '{"a":"x\u001fy"}',
  '{"a":"x\u007fy"}',
  '{"a":"x\u2028y"}',
  '{"a":"\\ud800"}',
  '{"a":"\\udc00"}',
  '{"a":"\\ud83d\\udee9"}',
  '{"a":"\\udee9\\ud83d"}',
  '{"a":"\\ud83d\\ud83d\\udee9"}',
  '{"a":"\\\\ud800"}',
  '{"a":"\\\\\\ud800"}',
  '{"a":"\\ud83d\\\\udee9"}',
  '{"\\ud800":1}',
  "\\ud800",
  '{"a":"\\ud83dx\\udee9"}',
  '{"a":"\\uD83D\\uDEE9"}',
  "\ufeff{}",
  "{}\ufeff",
  "\u00a0{}",
  "\u000c{}",
  "\u0000{}",
  "{}\u0000",
  "\u2028{}",
  '{"a":1}\u0085',
  '{"a":1}\u0000{"b":1}',
  "\u001e{}",
  minimal('"a":1').replace("{", " \t{"),
  minimal('"icao24":"400044"'),
  minimal('"icao24":null'),
  minimal('"squawk":1e3,"squawk":"1000"'),
  minimal('"squawk":"x","squawk":1.0e3'),
  minimal('"squawk":1e3,"squawk":"1000.0"'),
  minimal('"squawk":"1000.0","squawk":1e3'),
  minimal('"squawk":1e3,"squ\\u0061wk":"1000.0"'),
  minimal('"origin_country":2.5,"x":{"origin_country":3.5},"origin_country":"2.5"'),
  minimal('"origin_country":"2.5","x":{"origin_country":3.5},"origin_country":2.5'),
  minimal('"origin_country":2.5,"origin_country":"2.5",'),
  minimal('"origin_country":2.5,"origin_country":"2.5"} x'),
  minimal('"origin_country":2.5,"origin_country":NaN'),
  minimal('"origin_country":2.5,"origin_country":"2.5","velocity":[NaN]'),
  minimal('"callsign":"a","callsign":"\u0001'),
  minimal('"callsign":"\u0012, "velocity":5'),
  minimal('"callsign":{"a":1},"callsign":"X"'),
  minimal('"last_contact":"1750000001"'),
  minimal('"velocity":1,"velocity":[]'),
  minimal('"velocity":[],"velocity":2'),
  minimal('"spi":1,"spi":null'),
  minimal('"ic\\u0061o24":"400044"'),
  minimal('"icao24\\u0000":"400044"'),
  minimal('"Icao24":"400044"'),
  minimal('"callsign":"NaN","squawk":1.2e3'),
  minimal('"callsign":1e3'),
  minimal('"origin_country":100000000000000000000'),
  minimal('"origin_country":1e15'),
  minimal('"origin_country":-1e0'),
  minimal('"origin_country":12e-1'),
  minimal('"origin_country":9007199254740993'),
  minimal('"callsign":-0'),
  minimal('"callsign":-0.0'),
  minimal('"callsign":0e5'),
  minimal('"origin_country":true'),
  minimal('"origin_country":"true"'),
  minimal('"callsign":false'),
  minimal('"squawk":7.6e3'),
  minimal('"squawk":1000.0'),
  minimal('"squawk":"1000.0"'),
  ...[998, 999, 1_000, 1_001, 1_200].flatMap((depth) => [
    nested(depth),
    minimal(`"a":${nested(depth - 1)}`),
    minimal(`"velocity":${nested(depth - 1)}`),
    minimal(`"callsign":${nested(depth - 1)}`),
  ]),
  minimal(`"a":"${"[".repeat(1_200)}"`),
  minimal(`"a":"\\"${"[".repeat(1_200)}"`),
  `{"a":${"[".repeat(1_200)}`,
  `${"[".repeat(600)}${"]".repeat(600)},${nested(600)}`,
  minimal(`"a":[${nested(600)},${nested(600)}]`),
  ...[999, 1_000].flatMap((digits) => [
    minimal(`"a":${"1".repeat(digits)}`),
    minimal(`"velocity":${"1".repeat(digits)}`),
    minimal(`"velocity":0.${"0".repeat(digits)}`),
    minimal(`"callsign":"${"0".repeat(digits)}"`),
    minimal(`"squawk":${"7".repeat(digits)}`),
    minimal(`"velocity":1e${"0".repeat(digits - 1)}2`),
  ]),
  ...[998, 999].flatMap((zeros) => [
    longNumber(2, zeros),
    `[${longNumber(2, zeros)}]`,
    `${longNumber(2, zeros)}}`,
    minimal(`"velocity":${longNumber(2, zeros)}`),
    minimal(`"velocity":-${longNumber(2, zeros)},"x":1`),
    minimal(`"velocity":"${longNumber(2, zeros)}"`),
    minimal(`"x":[${longNumber(2, zeros)}]`),
    minimal(`"callsign":${longNumber(2, zeros)},"squawk":${longNumber(4, zeros)}`),
    minimal(`"on_ground":${longNumber(1, zeros)},"category":${longNumber(1, zeros)}`),
  ]),
  minimal(`"velocity":${longNumber(600, 600)}`),
  minimal(`"callsign":${longNumber(600, 600)},"time_position":-${longNumber(600, 600)}`),
  minimal(`"velocity":${"1".repeat(500)}e-${"0".repeat(600)}499`),
  minimal(`"squawk":${"1".repeat(500)}e-${"0".repeat(600)}496,"squawk":"7000"`),
  minimal(`"velocity":${longNumber(600, 600)},"x":01`),
  ...[120, 150, 151, 280, 302, 400, 2_000].flatMap((count) => [
    minimal(alike(count)),
    minimal(`"a":{${alike(count)}}`),
    `[{${alike(count)}}]`,
  ]),
  ...[0, 140, 280, 420].map((from) => minimal(alike(140, from))),
  ...[50_000, 50_001].flatMap((length) => [`[{"${"n".repeat(length)}":1}]`, `[{"${"n".repeat(length)}":01}]`]),
  ...[65_536, 65_537].flatMap((length) => [
    minimal(`"a":"${"x".repeat(length - minimal('"a":""').length)}"`),
    minimal(`"${"n".repeat(length - minimal('"":1').length)}":1`),
    `${minimal('"a":1')}${" ".repeat(length - minimal('"a":1').length)}`,
  ]),
  minimal(`"a":"${"ü".repeat(32_700)}"`),
  minimal(`"a":"${"ü".repeat(32_760)}"`),
  minimal(`"${"n".repeat(49_990)}":1`),
  minimal(`"${"n".repeat(50_001)}":1`),
  // 45,100 characters, 50,200 of Java's
  minimal(`"${"n".repeat(40_000)}${"\u{1f6e9}".repeat(5_100)}":1`),
  minimal(`"a":{"${"n".repeat(60_000)}":1}`),
  minimal(`"origin_country":"${"c".repeat(60_000)}"`),
  minimal(`"velocity":"${" ".repeat(60_000)}1"`),
  minimal(`"velocity":${"9".repeat(400)}`),
  minimal(`"velocity":${"1".repeat(310)}e-300`),
  // at the edges of rules
  minimal('"callsign":"ABCDEFGH"'),
  minimal('"callsign":"ABCDEFGHI"'),
  minimal('"velocity":340'),
  minimal('"last_contact":100000000000'),
  minimal('"last_contact":100000000001'),
  minimal('"true_track":-360'),
];

/** What damages bytes do: a cut, a changed byte, bytes that are no UTF-8. */
function damaged(line: Buffer, next: Next): Buffer {
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
  return choice < 0.07 ? damaged(line, next) : line;
}

/** Every adversarial text once, each a second before the one before it: none is the duplicate of another. */
export const adversarialLines = (): Buffer[] =>
  ADVERSARIAL.map((text, i) => Buffer.from(text.replace(LAST_CONTACT, String(Number(LAST_CONTACT) - i))));

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
const NO_HEADERS = ['["flightline"]', '{"flightline":1', '{"flightline":NaN}', "flightline", '{"Flightline":2}'];

/** A stream record of lines: plain or gzip, in members, with zeros behind, with a header or without; few are broken. */
export function dirtyChunk(lines: readonly Buffer[], next: Next): Buffer {
  const choice = next();
  const first =
    choice < 0.4
      ? pick(HEADERS, next())
      : choice < 0.43
        ? pick(BAD_HEADERS, next())
        : choice < 0.48
          ? pick(NO_HEADERS, next())
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
