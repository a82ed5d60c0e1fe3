/** What was thrown so far during `thrownDuring`. */
let collected: unknown[] | undefined;

/** Calls for each of several, also for those behind one for which it throws; the first of what was thrown is thrown afterwards. */
export function callForAll<T>(all: readonly T[], call: (one: T) => void): void {
  const thrown: unknown[] = [];
  for (const one of all) {
    try {
      call(one);
    } catch (error) {
      thrown.push(error);
    }
  }
  if (thrown.length === 0) return;
  if (collected === undefined) throw thrown[0];
  collected.push(...thrown);
}

/**
 * Runs it, and gives what was thrown, also in a `callForAll` inside: what passes through rxjs's `share` on its way would come up
 * later, where nobody can catch it.
 */
export function thrownDuring(work: () => void): readonly unknown[] {
  const outer = collected;
  const thrown: unknown[] = [];
  collected = thrown;
  try {
    work();
  } catch (error) {
    thrown.push(error);
  } finally {
    collected = outer;
  }
  return thrown;
}
