import { expect, test } from "vitest";
import { acknowledgedFindings } from "./acknowledged.ts";
import { combinations } from "./combinations.ts";
import { runGate } from "./gate.ts";

test.each(combinations)("a deployment passes the gate: $name", ({ settings }) => {
  const { violated, templates } = runGate(settings);
  expect(violated).toEqual([]);
  const { database } = settings;
  expect(templates.length).toBe(database === "postgres" || database === "both" ? 5 : 4);
});

test("every acknowledgment matches a finding of some deployment", () => {
  const deployments = [
    { engine: "glue", database: "both", auth: "apiKey", poller: "opensky", alarmEmail: "a@example.org" },
    { engine: "lambda", database: "both", auth: "iam", poller: "opensky", stream: { shards: 1, maxShards: 2 } },
  ];
  const findings = deployments.flatMap((settings) => runGate(settings).findings);
  const unused = acknowledgedFindings("flightline").filter(
    ({ path, rule }) =>
      !findings.some((finding) => `${finding.path}/`.startsWith(`flightline-${path}/`) && rule.endsWith(finding.rule)),
  );
  expect(findings.length).toBeGreaterThan(50);
  expect(unused.map(({ path, rule }) => `${path} ${rule}`)).toEqual([]);
});

const expectedAlarms = {
  always:
    "ServerErrors SlowAnswers DeadLetters RequestFailures HandlerErrors LoaderErrors MaintenanceErrors LoadsFailed IteratorAge " +
    "LateRecords WriteThrottles ReadThrottles FailedPuts StreamFailures RequestImbalance RequestRejected StreamImbalance StreamRejected",
  lambda: "ConsumerErrors ConsumerThrottles BlockedShard BatchesFailed",
  glue: "ConsumerLag",
};
test.each(["lambda", "glue"] as const)("a deployment with the %s engine has every expected alarm", (engine) => {
  const { templates } = runGate({ engine, poller: "adsblol", stream: { shards: 1, maxShards: 2 } });
  const alarms = templates.flatMap(({ Resources = {} }) =>
    Object.entries(Resources).flatMap(([id, { Type }]) => (Type === "AWS::CloudWatch::Alarm" ? [id.slice(0, -8)] : [])),
  );
  const expected = [expectedAlarms.always, expectedAlarms[engine], "Heartbeat PollerErrors ScalerErrors Throttled"]
    .join(" ")
    .split(" ");
  expect(expected.filter((name) => !alarms.includes(name))).toEqual([]);
});

test("the settings decide whether a firewall and the account's logging role are created", () => {
  const typesOf = (settings: Record<string, unknown>) =>
    runGate(settings).templates.flatMap(({ Resources = {} }) => Object.values(Resources).map(({ Type }) => Type));
  const [plain, other] = [typesOf({}), typesOf({ firewall: true, accountRole: false })];
  expect(plain).toContain("AWS::ApiGateway::Account");
  expect(plain).not.toContain("AWS::WAFv2::WebACL");
  expect(other).not.toContain("AWS::ApiGateway::Account");
  expect(other).toContain("AWS::WAFv2::WebACLAssociation");
});
