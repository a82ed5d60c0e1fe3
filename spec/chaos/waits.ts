/** What a run waits for around a fault. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadGenerator } from './load-generator.js';
import type { Member } from './member.js';
import type { OffsetSampler } from './offset-sampler.js';

const workMs = 5_000;
/** Between bursts, until every member has records in flight. */
const burstMs = 500;
/** Twice what the invariant allows, so that a slow recovery is told from none. */
const progressMs = 60_000;

/** A run counts only if work was in flight when the fault hit. @returns how many records, over all members */
export async function workInFlight(
  members: readonly Member[],
  load: LoadGenerator,
  burst: number,
): Promise<number> {
  const until = Date.now() + workMs;
  for (;;) {
    load.burst(burst);
    const burstEnd = Date.now() + burstMs;
    do {
      await delay(20);
      const inFlight = members.map(member => member.inFlight);
      if (inFlight.every(count => count > 0) || Date.now() > until)
        return inFlight.reduce((a, b) => a + b, 0);
    } while (Date.now() < burstEnd);
  }
}

/** When every partition's committed offset had moved on from `base`; undefined: never. */
export async function progressSince(
  base: ReadonlyMap<number, number>,
  sampler: OffsetSampler,
): Promise<number | undefined> {
  const until = Date.now() + progressMs;
  while (Date.now() < until) {
    const { latest } = sampler;
    const moved = [...(latest?.committed ?? [])].every(
      ([partition, offset]) => offset > (base.get(partition) ?? -1),
    );
    if (latest !== undefined && moved) return latest.knownMs;
    await delay(50);
  }
  return undefined;
}
