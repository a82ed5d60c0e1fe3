/** Two members of a group, one store folder, on a real Kafka: what a member that stood still for longer than its session may undo. */
import { setTimeout as delay } from 'node:timers/promises';
import { missingPrerequisites } from '../kafka/provision.js';
import { PurchaseTrial, perSecond, underNpm } from './purchase-trial.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`A shared store is not tried. ${missing}\n`);

/** The command's session is 10 s. */
const stoppedMs = 13_000;
const afterwardsMs = 5_000;
/** What may be in flight, or settled and not committed, when a process stops: two seconds of load. */
const mostRepeats = 2 * perSecond;

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

      stopped.signal('SIGSTOP');
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
