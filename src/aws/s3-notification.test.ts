import { expect, test } from "vitest";
import { createdKeys } from "./s3-notification.ts";

const event = (eventName: string, key: string) => ({ eventName, s3: { object: { key, sequencer: "0" } } });

test("a message is a plain key, or an S3 notification with escaped keys", () => {
  expect(createdKeys("clean/flow=request/day=2026-01-01/hour=00/r.ndjson.gz")).toHaveLength(1);
  const Records = [
    event("ObjectCreated:Put", "clean/flow%3Drequest/a+b%2Bc"),
    event("ObjectCreated:CompleteMultipartUpload", "d"),
    event("ObjectRemoved:Delete", "e"),
  ];
  expect(createdKeys(JSON.stringify({ Records }))).toEqual(["clean/flow=request/a b+c", "d"]);
});

test("the test event that S3 sends for a new notification contains no keys", () => {
  expect(createdKeys(JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent" }))).toEqual([]);
});
