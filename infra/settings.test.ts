import { expect, test } from "vitest";
import { readSettings, SettingsError } from "./settings.ts";

test("a setting that is missing has its default", () => {
  expect(readSettings({ name: "mine", retentionDays: { raw: 3 } })).toMatchObject({
    name: "mine",
    engine: "lambda",
    database: "dynamodb",
    retentionDays: { raw: 3, clean: 365 },
  });
});

test.each([
  [{ color: "red" }, "color"],
  [{ name: "Mine!" }, "name"],
  [{ engine: "flink" }, "engine"],
  [{ database: "mysql" }, "database"],
  [{ stream: { shards: 4, maxShards: 2 } }, "stream"],
  [{ stream: "provisioned" }, "stream"],
  [{ retentionDays: { raw: 0 } }, "retentionDays.raw"],
  [{ retentionDays: { logs: 8 } }, "retentionDays.logs"],
  [{ retentionDays: { raw: 90, clean: 30 } }, "retentionDays.raw"],
  [{ retentionDays: { clean: 400 } }, "retentionDays.clean"],
  [{ poller: "adsblol", area: "45,5,55,15" }, "area"],
  [{ area: "45,5,55,15" }, "area"],
  [{ firewall: "yes" }, "firewall"],
  [{ alarmEmail: "operator" }, "alarmEmail"],
])("the settings %j are refused with the name, value and rule of the wrong one", (input, name) => {
  expect(() => readSettings(input)).toThrow(SettingsError);
  expect(() => readSettings(input)).toThrow(`the setting ${name} is`);
});
