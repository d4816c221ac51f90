import { expect, test } from "vitest";
import { acknowledgements } from "./acknowledged.ts";
import { combinations } from "./combinations.ts";
import { judge } from "./gate.ts";

test.each(combinations)("$name: passes the gate", ({ given }) => {
  const { caught, templates } = judge(given);
  expect(caught).toEqual([]);
  const { database } = given;
  expect(templates.length).toBe(database === "postgres" || database === "both" ? 5 : 4);
});

test("every acknowledgement matches a finding of some deployment", () => {
  const given = [
    { engine: "glue", database: "both", auth: "apiKey", poller: "opensky", alarmEmail: "a@example.org" },
    { engine: "lambda", database: "both", auth: "iam", poller: "opensky", stream: { shards: 1, maxShards: 2 } },
  ];
  const findings = given.flatMap((one) => judge(one).findings);
  const idle = acknowledgements("flightline").filter(
    ({ path, rule }) =>
      !findings.some((found) => `${found.path}/`.startsWith(`flightline-${path}/`) && rule.endsWith(found.rule)),
  );
  expect(findings.length).toBeGreaterThan(50);
  expect(idle.map(({ path, rule }) => `${path} ${rule}`)).toEqual([]);
});

const watched = {
  always:
    "ServerErrors SlowAnswers DeadLetters RequestFailures HandlerErrors LoaderErrors MaintenanceErrors LoadsFailed IteratorAge " +
    "LateRecords WriteThrottles ReadThrottles FailedPuts StreamFailures RequestImbalance RequestRejected StreamImbalance StreamRejected",
  lambda: "ConsumerErrors ConsumerThrottles BlockedShard BatchesFailed",
  glue: "ConsumerLag",
};
test.each(["lambda", "glue"] as const)("everything is watched that should be, with %s", (engine) => {
  const { templates } = judge({ engine, poller: "adsblol", stream: { shards: 1, maxShards: 2 } });
  const alarms = templates.flatMap(({ Resources = {} }) =>
    Object.entries(Resources).flatMap(([id, { Type }]) => (Type === "AWS::CloudWatch::Alarm" ? [id.slice(0, -8)] : [])),
  );
  const named = [watched.always, watched[engine], "Heartbeat PollerErrors ScalerErrors Throttled"].join(" ").split(" ");
  expect(named.filter((name) => !alarms.includes(name))).toEqual([]);
});

test("a firewall stands before the API, and the account's role is made, only where the settings say so", () => {
  const typesOf = (given: Record<string, unknown>) =>
    judge(given).templates.flatMap(({ Resources = {} }) => Object.values(Resources).map(({ Type }) => Type));
  const [plain, other] = [typesOf({}), typesOf({ firewall: true, accountRole: false })];
  expect(plain).toContain("AWS::ApiGateway::Account");
  expect(plain).not.toContain("AWS::WAFv2::WebACL");
  expect(other).not.toContain("AWS::ApiGateway::Account");
  expect(other).toContain("AWS::WAFv2::WebACLAssociation");
});
