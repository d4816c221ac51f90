import { expect, test } from "vitest";
import { writeDecimal, writeInteger, writeText, type Ascii } from "./ascii.ts";

function textOf(write: (to: Ascii) => void): string {
  const to = { bytes: new Uint8Array(40), length: 0 };
  write(to);
  return Buffer.from(to.bytes.subarray(0, to.length)).toString();
}

test("writes whole numbers as JSON does", () => {
  for (const value of [0, 9, 10, -1, 99_999, 1_750_000_000, -1_750_000_000_123, 2 ** 53 - 1]) {
    expect(textOf((to) => writeInteger(to, value))).toBe(String(value));
  }
});

test("writes rounded numbers as JSON does", () => {
  for (const value of [0, -0, 0.004, -0.004, 0.005, 1, -1.5, 10.25, 179.9999, -179.99996, 36_065.76, 0.07, 99.995001]) {
    const rounded = (Math.sign(value) * Math.round(Math.abs(value) * 100)) / 100;
    expect(textOf((to) => writeDecimal(to, value, 2))).toBe(String(rounded));
  }
});

test("appends each value to the one before", () => {
  const text = textOf((to) => {
    writeText(to, "[");
    writeDecimal(to, -47.12345, 4);
    writeText(to, ",true]");
  });
  expect(text).toBe("[-47.1235,true]");
});
