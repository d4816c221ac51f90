import { expect, test } from "vitest";
import { acknowledgements } from "./acknowledged.ts";
import { judge } from "./gate.ts";

const streams = { "on-demand": "on-demand", provisioned: { shards: 1, maxShards: 8 } } as const;
const combinations = (["glue", "lambda"] as const).flatMap((engine) =>
  (["none", "dynamodb", "postgres", "both"] as const).flatMap((database) =>
    Object.entries(streams).map(([name, stream]) => ({ engine, database, name, stream })),
  ),
);

test.each(combinations)("$engine with $database on a stream $name passes the gate", ({ engine, database, stream }) => {
  const { caught, templates } = judge({ engine, database, stream, poller: "opensky", alarmEmail: "a@example.org" });
  expect(caught).toEqual([]);
  expect(templates.length).toBe(database === "postgres" || database === "both" ? 5 : 4);
});

test("every acknowledgement matches a finding of some deployment", () => {
  const given = [
    { engine: "glue", database: "both", auth: "apiKey", poller: "opensky" },
    { engine: "lambda", database: "both", auth: "iam", poller: "opensky", stream: { shards: 1, maxShards: 2 } },
  ];
  const findings = given.flatMap((one) => judge(one).findings);
  const idle = acknowledgements("flightline").filter(
    ({ path, rule }) =>
      !findings.some((found) => found.path.startsWith(`flightline-${path}`) && rule.endsWith(found.rule)),
  );
  expect(findings.length).toBeGreaterThan(50);
  expect(idle.map(({ path, rule }) => `${path} ${rule}`)).toEqual([]);
});

test("with keys instead of signatures, and another source, the gate is passed too", () => {
  expect(judge({ auth: "apiKey", poller: "adsblol", lake: "ndjson" }).caught).toEqual([]);
});
