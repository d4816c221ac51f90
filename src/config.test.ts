import { expect, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

test("without settings, every adapter is local", () => {
  expect(readConfig({}, "/d")).toMatchObject({
    postgres: undefined,
    objects: { kind: "file", folder: "/d/objects" },
    stream: { kind: "postgres", name: "flightline" },
    queue: { kind: "postgres", name: "arrivals" },
    databases: [{ kind: "postgres" }],
    checkpoints: { kind: "postgres" },
  });
});

test("each adapter is chosen by its own setting", () => {
  const env = {
    FLIGHTLINE_OBJECTS: "s3://bucket/some/prefix/",
    FLIGHTLINE_STREAM: "kinesis:flights",
    FLIGHTLINE_QUEUE: "sqs:https://sqs.eu-central-1.amazonaws.com/1/q",
    FLIGHTLINE_DATABASE: "postgres dynamodb:flightline",
    FLIGHTLINE_CHECKPOINTS: "dynamodb:flightline",
  };
  expect(readConfig(env, "/d")).toMatchObject({
    objects: { kind: "s3", bucket: "bucket", prefix: "some/prefix" },
    stream: { kind: "kinesis", name: "flights" },
    queue: { kind: "sqs", url: "https://sqs.eu-central-1.amazonaws.com/1/q" },
    databases: [{ kind: "postgres" }, { kind: "dynamodb", prefix: "flightline" }],
    checkpoints: { kind: "dynamodb", prefix: "flightline" },
  });
  expect(readConfig({ FLIGHTLINE_DATABASE: "none" }, "/d").databases).toEqual([]);
});

test.each([
  ["FLIGHTLINE_OBJECTS", "http://x"],
  ["FLIGHTLINE_STREAM", "kafka:x"],
  ["FLIGHTLINE_QUEUE", "sqs:x"],
  ["FLIGHTLINE_DATABASE", "postgres,dynamodb:x"],
  ["FLIGHTLINE_POSTGRES", "mysql://x"],
  ["FLIGHTLINE_POSTGRES_AUTH", "secret:x"],
  ["FLIGHTLINE_SHARDS", "0"],
  ["FLIGHTLINE_MAX_SHARDS", "many"],
  ["FLIGHTLINE_POLLER", "flightradar"],
  ["FLIGHTLINE_OPENSKY_SECRET", "hunter2"],
  ["FLIGHTLINE_RETENTION_DAYS", "a week"],
])("an invalid %s is an error with name, value and rule", (name, value) => {
  const read = () => readConfig({ [name]: value }, "/d");
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(`invalid value ${JSON.stringify(value)} for ${name}: `);
  expect(read).toThrow("allowed is ");
});
