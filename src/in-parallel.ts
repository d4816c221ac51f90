/** Runs `work` over all, `at_once` of them at a time; the first failure is thrown after those under way have ended. */
export async function inParallel<T>(
  all: readonly T[],
  at_once: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < all.length && !failed) {
      try {
        await work(all[next++] as T);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(at_once, all.length) }, worker));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}
