import { afterAll, expect, test } from "vitest";
import { faultsOfAccess } from "./faults-of-access.ts";
import { faultsOfData } from "./faults-of-data.ts";
import { runGate } from "./gate.ts";

const table: string[] = [];
afterAll(() => console.log(["fault | violated rules", "--- | ---", ...table].join("\n")));

test.each([...faultsOfAccess, ...faultsOfData])("the gate finds: $fault", ({ fault, settings = {}, damage, rule }) => {
  const { violated } = runGate(settings, damage);
  table.push(`${fault} | ${violated.map((name) => name.replace(/^.*::(?=[A-Z])(?![^[]*\])/, "")).join(", ")}`);
  expect(violated.filter((name) => name.includes(rule))).not.toEqual([]);
});

test.each(["lambda", "glue"])("the gate finds nothing in an undamaged deployment with the %s engine", (engine) => {
  expect(runGate({ engine }).violated).toEqual([]);
});
