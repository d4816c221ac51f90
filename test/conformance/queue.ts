import { describe, expect, test } from "vitest";
import type { Queue } from "../../src/flow/ports.ts";

export interface QueueMaker {
  make(): Promise<Queue>;
  /** Breaks the consumers that hold a message, as the end of their processes would. */
  killHolders(): Promise<void>;
  /** The number of failures after which a message moves to the dead letters. */
  attempts: number;
  /** Ends the back-off of all messages, so that tests do not wait for it. */
  skipBackoff(): Promise<void>;
}

/** Consumes with `handle` until `isDone` returns true. */
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
    test("delivers each message to one of two consumers, and deletes it", async () => {
      const queue = await make();
      const sent = Array.from({ length: 40 }, (_, i) => `m${i}`);
      for (const message of sent) await queue.send(message);
      const received: string[] = [];
      const handle = async (message: string) => void received.push(message);
      const isDone = () => received.length >= sent.length;
      await Promise.all([consumeUntil(queue, handle, isDone), consumeUntil(queue, handle, isDone)]);
      expect(received.sort()).toEqual(sent.sort());
      expect(await queue.depth()).toEqual({ waiting: 0, dead: 0 });
    });
    test("redelivers a message after a back-off when its handler threw", async () => {
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
    test("moves a message to the dead letters after its attempts, and redrives it", async () => {
      const queue = await make();
      await queue.send("broken");
      let tries = 0;
      const skipping = setInterval(() => void skipBackoff(), 20);
      const fail = async () => {
        tries++;
        throw new Error("broken");
      };
      await consumeUntil(queue, fail, async () => (await queue.depth()).dead === 1);
      clearInterval(skipping);
      expect(tries).toBe(attempts);
      expect(await queue.redrive()).toBe(1);
      const received: string[] = [];
      await consumeUntil(
        queue,
        async (message) => void received.push(message),
        () => received.length > 0,
      );
      expect(received).toEqual(["broken"]);
      expect(await queue.depth()).toEqual({ waiting: 0, dead: 0 });
    });
    test("redelivers a message when its consumer died", async () => {
      const queue = await make();
      await queue.send("m");
      const stop = new AbortController();
      let started = 0;
      const hold = () =>
        new Promise<void>((resolve) => (started++, stop.signal.addEventListener("abort", () => resolve())));
      const held = queue.consume(hold, { signal: stop.signal, concurrency: 1 }).catch(() => {});
      while (started === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await killHolders();
      const received: string[] = [];
      await consumeUntil(
        queue,
        async (message) => void received.push(message),
        () => received.length + started > 1,
      );
      stop.abort();
      await held;
      expect(received.length + started).toBeGreaterThan(1);
    });
    test("ends when its signal has aborted and its running handlers have finished", async () => {
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
