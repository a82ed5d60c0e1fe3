/** Two members of a group, one store folder, on a real Kafka: what a member that stood still for longer than its session may undo. */
import { setTimeout as delay } from 'node:timers/promises';
import { missingPrerequisites } from '../kafka/provision.js';
import { type Member, PurchaseTrial, perSecond, underNpm } from './purchase-trial.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`A shared store is not tried. ${missing}\n`);

/** The command's session is 10 s. */
const stoppedMs = 13_000;
const afterwardsMs = 5_000;
/** What may be in flight, or settled and not committed, when a process stops: two seconds of load. */
const mostRepeats = 2 * perSecond;

/**
 * Stopped within a write, a process keeps LMDB's lock, and no other writes to the folder until it goes on or dies (docs/stores.md):
 * here that would be all there is to see. Where the other commits nothing meanwhile, it is let go on and stopped again.
 */
async function stopBetweenWrites(trial: PurchaseTrial, member: Member): Promise<void> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    member.signal('SIGSTOP');
    // What it had sent before arrives.
    await delay(500);
    const from = trial.committed;
    await delay(2_000);
    if (trial.committed > from) return;
    member.signal('SIGCONT');
    await delay(1_000 + 100 * attempt);
  }
  throw new Error('stopped ten times, and the other never went on');
}

(missing === undefined ? test : test.skip)(
  'a member stopped for longer than its session takes no position of the store back: only what was in flight comes again',
  async () => {
    const trial = await PurchaseTrial.begin();
    try {
      const npm = (options: readonly string[]) => [...underNpm, ...options];
      const stopped = trial.start(npm);
      const other = trial.start(npm);
      await trial.working(2);
      await delay(3_000);

      await stopBetweenWrites(trial, stopped);
      await delay(stoppedMs);
      // The other member has everything behind it, and nothing left by which it would note a position again.
      await trial.endLoad();
      stopped.signal('SIGCONT');
      await trial.settled(2);
      // The assignment in which positions and commits are held against each other, and time for what comes of it.
      await delay(afterwardsMs);

      const { inputs, missing, repeats, stored } = await trial.conclude();
      process.stderr.write(
        `shared store: ${inputs} inputs, repeats ${JSON.stringify(repeats)}, ${mostRepeats} at most\n`,
      );
      expect(await Promise.all([stopped.ended, other.ended])).toEqual([0, 0]);
      expect(missing).toEqual({ patterns: 0, rewards: 0, purchases: 0 });
      expect(stored).toBe(inputs);
      expect(Math.max(...Object.values(repeats))).toBeLessThanOrEqual(mostRepeats);
      expect(other.output() + stopped.output()).not.toContain('history is behind');
    } finally {
      await trial.abandon();
    }
  },
  300_000,
);
