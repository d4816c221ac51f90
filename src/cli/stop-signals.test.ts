import { expect, test } from "vitest";
import { stopHandler } from "./stop-signals.ts";

test("the second signal of one Ctrl-C lets the command finish, and a later one ends the process", () => {
  let now = 50;
  const calls: string[] = [];
  const onSignal = stopHandler({
    now_ms: () => now,
    stop: () => calls.push("stop"),
    exit: (signal) => calls.push(`exit ${signal}`),
  });
  onSignal("SIGINT");
  onSignal("SIGINT");
  now += 1_000;
  onSignal("SIGTERM");
  expect(calls).toEqual(["stop", "stop", "stop"]);
  now += 1;
  onSignal("SIGINT");
  expect(calls.at(-1)).toBe("exit SIGINT");
});
