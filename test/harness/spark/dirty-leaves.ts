import { rawFields, type Kind } from "../../../src/flight/contract.ts";
import { pick } from "../../../src/source/simulation/random.ts";

/** Returns the next number of a sequence, in [0, 1). */
export type Next = () => number;
type Name = (typeof rawFields)[number]["name"];

/** JSON numbers in many spellings, and values at the limits of doubles. */
const NUMBERS = (
  "0 -0 0.0 -0.0 1 1.0 1e0 10e-1 1.5 -1.5 1e3 1E+3 1.10 100e-2 1e15 1e16 1e20 1e21 1e22 1e308 1e309 -1e309 1e999 1e-400 " +
  "4.9e-324 2.5e-324 1.7976931348623157e308 1.7976931348623159e308 9007199254740991 9007199254740992 9007199254740993 " +
  "-9007199254740991 -9007199254740992 9007199254740991.0 9007199254740990.5 12345678901234567890 0.1 0.30000000000000004 " +
  "123456789012345678901234567890.123 -0.0000001 7.7e3 999999999999999 1000000000000000 9999999999999999 1234567.0 -7 -12.0 2 3 -1 20.5"
).split(" ");
const ODD_TEXTS = [
  ...NUMBERS,
  ..."NaN Infinity -Infinity +INF 1d 1f 0x10 0x1p3 1_000 1,5 1.2.3 . + - e5 .e5 1e 1e+ +5 .5 5. -.5e1 +.5E-1 ５ 1٣ true TRUE True t T false F no yes on null None n/a".split(
    " ",
  ),
  ...[
    "",
    " ",
    "\u0000",
    "\t\n",
    "\u00a05",
    "5\u00a0",
    "\u0085",
    "\u200b5",
    "\u001f5\u0000",
    " 5 ",
    "1\u00005",
    "{",
    "[",
    "{}",
    "[]",
    " {x",
    "\u0001[1",
    "x{",
    '"',
    '"Infinity"',
    '"-Infinity"',
    "\\",
    "/",
    "5\n",
    "1e3 ",
  ],
];
const COMPOSITES = ["{}", "[]", "[1]", '{"a":1}', "[[]]", '{"icao24":"3c6444"}', "[1.50]", '["x",{"y":[null]}]'];

const EDGES: Partial<Record<Name, readonly number[]>> = {
  last_contact: [
    999_999_999, 1_000_000_000, 100_000_000_000, 100_000_000_001, 1_750_000_110, 1_750_000_111, 1_750_000_110.9,
  ],
  time_position: [999_999_999, 1_000_000_000, 1_749_999_985, 1_749_999_984, 1_750_000_001, 1_750_000_002],
  longitude: [180, -180, 180.00000001, -180.5, 0.01, 0.009, -0.009, 0, 359],
  latitude: [90, -90, 89.999999999, -90.5, 0.01, 0.009, -0.0099999, 0],
  baro_altitude: [-500, -500.01, 25_000, 25_000.5, 15_293, 15_293.01, 16_000, 3_000, 3_000.1],
  geo_altitude: [-500, -501, 25_000, 25_001, 16_500, 17_500, 17_500.1, 1_500, 4_500.0000001],
  velocity: [0, -0.1, 1_029, 1_029.1, 340, 340.0001, 103, 103.5],
  true_track: [0, -0, 360, -360, 359.9999999, 12.3, -12.3, 720.5, -1e-20, -5e-324, 1e17, -1e17, 12.3 + 360],
  vertical_rate: [50.8, -50.8, 50.800001, -51],
  position_source: [0, 15, 16, -1, -0.5, 15.99, 8.2],
  category: [0, 20, 21, -1, 20.99, -0.1],
  on_ground: [0, 1, 2, 0.5, -1],
  spi: [0, 1, 1.5],
};
const TEXTS: Partial<Record<Name, readonly string[]>> = {
  icao24: [
    "3C6444",
    " 3c6444 ",
    "~3c6444",
    "~3C6444",
    "000000",
    "~000000",
    "ffffff",
    "FFFFFF",
    "3c644",
    "3c64444",
    "g00000",
    "3c6444\n",
    "\u212A00000",
    "１23456",
    "123456",
    "4e1000",
  ],
  callsign: [
    "DLH9LF  ",
    "dlh9lf",
    "",
    "0",
    "0000000",
    "00000000000",
    "N/A",
    "n/a",
    " N/A",
    "N/A.",
    "ABCDEFGHI",
    "ABCDEFGH",
    "ſAB",
    "\u212ALM",
    "ÄÖÜ",
    "ab c",
    "A\nB",
    "ABC\n",
    "12345678",
    "1.0E7",
    "4XABC",
    "-12",
  ],
  origin_country: [
    "",
    " ",
    "Chad",
    "=Chad",
    "+1",
    "-1",
    "@x",
    " =x",
    "Côte d'Ivoire",
    "a\u0001b",
    "a\u007fb",
    "a\u0080b",
    "a\ufffdb",
    "\u{1f6e9}",
    "x".repeat(64),
    "x".repeat(65),
    "\u{1f6e9}".repeat(64),
    "\u{1f6e9}".repeat(65),
    "a\u2028b",
    "a\nb",
    'say "x"',
    "back\\slash",
    "\u0000Chad",
    "Chad\u0000",
    "Kingdom\tof",
    "1000.0",
    "1.5",
    "1.0E7",
    "(x",
    "-0.5",
    "12345678901234567",
  ],
  squawk: [
    "7700",
    "7500",
    "7600",
    "1000",
    "0000",
    "8000",
    "100",
    "10000",
    " 1000 ",
    "1000\n",
    "１000",
    "7.7e3",
    "7700.0",
    "-100",
  ],
};

/** A valid value of a field, as JSON text. Aircraft and times repeat, so that observations repeat too. */
export function goodLeaf(name: Name, next: Next): string {
  const text = (value: string) => JSON.stringify(value);
  const number = (low: number, high: number) => spelled(low + (high - low) * next(), next);
  switch (name) {
    case "icao24":
      if (next() < 0.7)
        return text(
          Math.floor(next() * 0x1000000)
            .toString(16)
            .padStart(6, "0"),
        );
      return text(pick(["3c6444", "4CA123", "~a1b2c3", "400044", "4e1234", "00000a"], next()));
    case "callsign":
      return text(pick(["DLH9LF  ", "BAW12", "", "EJU45KT", "N123AB"], next()));
    case "origin_country":
      return text(pick(["Germany", "Ireland", "Türkiye", "United States"], next()));
    case "last_contact":
      return String(1_750_000_000 + Math.floor(6 * next()));
    case "time_position":
      return String(1_749_999_996 + Math.floor(6 * next()));
    case "longitude":
      return number(-180, 180);
    case "latitude":
      return number(-90, 90);
    case "baro_altitude":
    case "geo_altitude":
      return number(-600, 17_000);
    case "velocity":
      return number(0, 400);
    case "true_track":
      return number(-400, 800);
    case "vertical_rate":
      return number(-52, 52);
    case "squawk":
      return pick(['"1000"', '"7700"', "1200", "7777", '"0021"'], next());
    case "on_ground":
    case "spi":
      return pick(["true", "false", "0", "1", '"t"', '"F"'], next());
    case "position_source":
    case "category":
      return String(Math.floor(18 * next()));
  }
}

/** A number in a random spelling. Some spellings round it. */
export const spelled = (value: number, next: Next): string =>
  pick(
    [
      String,
      String,
      (x: number) => x.toFixed(2),
      (x: number) => x.toExponential(),
      (x: number) => x.toPrecision(17),
      (x: number) => `${x.toFixed(3)}0000`,
      (x: number) => JSON.stringify(String(x)),
      (x: number) => JSON.stringify(` ${x} `),
    ],
    next(),
  )(value);

/** A value that a broken source may send for the field, as JSON text. */
export function dirtyLeaf(name: Name, kind: Kind, next: Next): string {
  const [edges, texts] = [EDGES[name], TEXTS[name]];
  const choice = next();
  if (choice < 0.12) return "null";
  if (choice < 0.2) return pick(["true", "false"], next());
  if (choice < 0.26) return pick(COMPOSITES, next());
  if (choice < 0.45 || (edges === undefined && texts === undefined)) return pick(NUMBERS, next());
  if (choice < 0.6) return textJson(pick(ODD_TEXTS, next()), next);
  if (texts !== undefined) return textJson(pick(texts, next()), next);
  return kind === "text" || edges === undefined ? "null" : spelled(pick(edges, next()), next);
}

/** A text as JSON. In a fifth of the cases every character is escaped. */
export function textJson(value: string, next: Next): string {
  const plain = JSON.stringify(value);
  if (next() < 0.8 || plain.includes("\\")) return plain;
  const escaped = Array.from(value, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
  return `"${escaped.join("")}"`;
}
