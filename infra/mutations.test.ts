import { afterAll, expect, test } from "vitest";
import { faultsOfAccess } from "./faults-of-access.ts";
import { faultsOfData } from "./faults-of-data.ts";
import { judge } from "./gate.ts";

const table: string[] = [];
afterAll(() => console.log(["fault | caught by", "--- | ---", ...table].join("\n")));

test.each([...faultsOfAccess, ...faultsOfData])("$fault is caught", ({ fault, given = {}, change, by }) => {
  const { caught } = judge(given, change);
  table.push(`${fault} | ${caught.map((rule) => rule.replace(/^.*::(?=[A-Z])(?![^[]*\])/, "")).join(", ")}`);
  expect(caught.filter((rule) => rule.includes(by))).not.toEqual([]);
});

test.each(["lambda", "glue"])("nothing is caught where nothing is damaged, with %s", (engine) => {
  expect(judge({ engine }).caught).toEqual([]);
});
