import { describe, expect, test } from "vitest";
import type { Queue } from "../../src/flow/ports.ts";

export interface QueueMaker {
  make(): Promise<Queue>;
  /** Breaks the holder of the message under way, as its death would. */
  killHolders(): Promise<void>;
  /** Failures after which a message is dead. */
  attempts: number;
  /** Makes messages that back off ready now, so that the tests need not wait. */
  skipBackoff(): Promise<void>;
}

/** Consumes with `handle` until `isDone` holds. */
async function consumeUntil(
  queue: Queue,
  handle: (message: string) => Promise<void>,
  isDone: () => boolean | Promise<boolean>,
): Promise<void> {
  const stop = new AbortController();
  const working = queue.consume(handle, { signal: stop.signal, concurrency: 3 });
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort();
  await working;
}

/** The laws of `Queue`. */
export function queueLaws(name: string, { make, killHolders, attempts, skipBackoff }: QueueMaker): void {
  describe(`${name} as a queue`, () => {
    test("hands each message out once to consumers that share it, and then it is gone", async () => {
      const queue = await make();
      const sent = Array.from({ length: 40 }, (_, i) => `m${i}`);
      for (const message of sent) await queue.send(message);
      const got: string[] = [];
      const take = async (message: string) => void got.push(message);
      const isDone = () => got.length >= sent.length;
      await Promise.all([consumeUntil(queue, take, isDone), consumeUntil(queue, take, isDone)]);
      expect(got.sort()).toEqual(sent.sort());
      expect(await queue.depth()).toEqual({ waiting: 0, dead: 0 });
    });
    test("hands a message out again when its handler threw, after a back-off", async () => {
      const queue = await make();
      await queue.send("m");
      const at: number[] = [];
      await consumeUntil(
        queue,
        async () => {
          at.push(performance.now());
          if (at.length === 1) throw new Error("not now");
        },
        () => at.length >= 2,
      );
      expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(20);
      expect((await queue.depth()).waiting).toBe(0);
    });
    test("puts a message among the dead after its attempts, and redrives it", async () => {
      const queue = await make();
      await queue.send("poison");
      let tries = 0;
      const skipping = setInterval(() => void skipBackoff(), 20);
      const fail = async () => {
        tries++;
        throw new Error("poison");
      };
      await consumeUntil(queue, fail, async () => (await queue.depth()).dead === 1);
      clearInterval(skipping);
      expect(tries).toBe(attempts);
      expect(await queue.redrive()).toBe(1);
      const got: string[] = [];
      await consumeUntil(
        queue,
        async (message) => void got.push(message),
        () => got.length > 0,
      );
      expect(got).toEqual(["poison"]);
      expect(await queue.depth()).toEqual({ waiting: 0, dead: 0 });
    });
    test("hands a message out again when its holder died", async () => {
      const queue = await make();
      await queue.send("m");
      const stop = new AbortController();
      let started = 0;
      const hold = () =>
        new Promise<void>((resolve) => (started++, stop.signal.addEventListener("abort", () => resolve())));
      const held = queue.consume(hold, { signal: stop.signal, concurrency: 1 }).catch(() => {});
      while (started === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await killHolders();
      const got: string[] = [];
      await consumeUntil(
        queue,
        async (message) => void got.push(message),
        () => got.length + started > 1,
      );
      stop.abort();
      await held;
      expect(got.length + started).toBeGreaterThan(1);
    });
    test("ends after the handlers under way when its signal aborts", async () => {
      const queue = await make();
      await queue.send("m");
      const stop = new AbortController();
      let finished = false;
      await queue.consume(
        async () => {
          stop.abort();
          await new Promise((resolve) => setTimeout(resolve, 50));
          finished = true;
        },
        { signal: stop.signal },
      );
      expect([finished, (await queue.depth()).waiting]).toEqual([true, 0]);
    });
  });
}
