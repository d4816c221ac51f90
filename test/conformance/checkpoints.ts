import { describe, expect, test } from "vitest";
import { LeaseLostError } from "../../src/flow/errors.ts";
import type { Checkpoints, CheckpointSession, Lease } from "../../src/flow/ports.ts";

export interface CheckpointsMaker {
  make(): Promise<Checkpoints>;
  /** Breaks all sessions, as the end of their processes would. */
  killSessions(): Promise<void>;
}

/** Leases a shard whose holder has died. Its lease ends a moment later. */
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
    test("leases a shard to one session at a time, with a growing epoch", async () => {
      const checkpoints = await make();
      const [first, second] = [await checkpoints.open(), await checkpoints.open()];
      const old = await first.lease("0");
      expect(await second.lease("0")).toBeNull();
      expect(await second.lease("1")).not.toBeNull();
      await old?.release();
      const lease = await second.lease("0");
      expect(lease?.epoch).toBeGreaterThan(old?.epoch ?? Infinity);
      await first.close();
      await second.close();
    });
    test("keeps a position after its session has ended", async () => {
      const checkpoints = await make();
      const first = await checkpoints.open();
      const lease = await first.lease("0");
      expect([lease?.position, await first.position("0")]).toEqual([null, null]);
      await lease?.save("41");
      await lease?.save("42");
      await first.close();
      const second = await checkpoints.open();
      expect([(await leaseSoon(second, "0")).position, await second.position("0")]).toEqual(["42", "42"]);
      await second.close();
    });
    test("ends a lease when its session dies, and refuses a save by the old holder", async () => {
      const checkpoints = await make();
      const first = await checkpoints.open();
      const old = await first.lease("0");
      await old?.save("1");
      await killSessions();
      const second = await checkpoints.open();
      const lease = await leaseSoon(second, "0");
      await lease.save("2");
      await expect(old?.save("3")).rejects.toThrow();
      expect(await second.position("0")).toBe("2");
      await first.close().catch(() => {});
      await second.close();
    });
    test("refuses a save with an older epoch while its session is open", async () => {
      const checkpoints = await make();
      const [first, second] = [await checkpoints.open(), await checkpoints.open()];
      const old = await first.lease("0");
      await old?.release();
      const lease = await second.lease("0");
      await lease?.save("7");
      await expect(old?.save("3")).rejects.toThrow(LeaseLostError);
      expect(await second.position("0")).toBe("7");
      await first.close();
      await second.close();
    });
    test("counts the open sessions", async () => {
      const checkpoints = await make();
      const first = await checkpoints.open();
      expect(await first.members()).toBe(1);
      const second = await checkpoints.open();
      expect([await first.members(), await second.members()]).toEqual([2, 2]);
      await second.close();
      while ((await first.members()) !== 1) await new Promise((resolve) => setTimeout(resolve, 20));
      await first.close();
    });
  });
}
