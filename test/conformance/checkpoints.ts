import { describe, expect, test } from "vitest";
import { LeaseLostError } from "../../src/flow/errors.ts";
import type { Checkpoints, CheckpointSession, Lease } from "../../src/flow/ports.ts";

export interface CheckpointsMaker {
  make(): Promise<Checkpoints>;
  /** Breaks all sessions, as the death of their processes would. */
  killSessions(): Promise<void>;
}

/** What a dead holder held is free a moment after. */
async function leaseSoon(session: CheckpointSession, shard: string): Promise<Lease> {
  for (;;) {
    const lease = await session.lease(shard);
    if (lease !== null) return lease;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The laws of `Checkpoints`. */
export function checkpointLaws(name: string, { make, killSessions }: CheckpointsMaker): void {
  describe(`${name} as checkpoints`, () => {
    test("gives a shard to one holder at a time, with a growing epoch", async () => {
      const checkpoints = await make();
      const [one, two] = [await checkpoints.open(), await checkpoints.open()];
      const first = await one.lease("0");
      expect(await two.lease("0")).toBeNull();
      expect(await two.lease("1")).not.toBeNull();
      await first?.release();
      const second = await two.lease("0");
      expect(second?.epoch).toBeGreaterThan(first?.epoch ?? Infinity);
      await one.close();
      await two.close();
    });
    test("keeps a position beyond its holder", async () => {
      const checkpoints = await make();
      const one = await checkpoints.open();
      const lease = await one.lease("0");
      expect([lease?.position, await one.position("0")]).toEqual([null, null]);
      await lease?.save("41");
      await lease?.save("42");
      await one.close();
      const two = await checkpoints.open();
      expect([(await leaseSoon(two, "0")).position, await two.position("0")]).toEqual(["42", "42"]);
      await two.close();
    });
    test("ends a lease when its session dies, and refuses what the old holder saves", async () => {
      const checkpoints = await make();
      const one = await checkpoints.open();
      const old = await one.lease("0");
      await old?.save("1");
      await killSessions();
      const two = await checkpoints.open();
      const lease = await leaseSoon(two, "0");
      await lease.save("2");
      await expect(old?.save("3")).rejects.toThrow();
      expect(await two.position("0")).toBe("2");
      await one.close().catch(() => {});
      await two.close();
    });
    test("refuses a save under an older epoch while its session lives", async () => {
      const checkpoints = await make();
      const [one, two] = [await checkpoints.open(), await checkpoints.open()];
      const old = await one.lease("0");
      await old?.release();
      const lease = await two.lease("0");
      await lease?.save("7");
      await expect(old?.save("3")).rejects.toThrow(LeaseLostError);
      expect(await two.position("0")).toBe("7");
      await one.close();
      await two.close();
    });
    test("counts the sessions that are open", async () => {
      const checkpoints = await make();
      const one = await checkpoints.open();
      expect(await one.members()).toBe(1);
      const two = await checkpoints.open();
      expect([await one.members(), await two.members()]).toEqual([2, 2]);
      await two.close();
      while ((await one.members()) !== 1) await new Promise((resolve) => setTimeout(resolve, 20));
      await one.close();
    });
  });
}
