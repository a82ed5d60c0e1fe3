/** Members that join and leave as an operator has them do, on a real Kafka under load: nothing is lost and nothing comes twice. */
import { setTimeout as delay } from 'node:timers/promises';
import { missingPrerequisites } from '../kafka/provision.js';
import { long, type Member, PurchaseTrial, underNpm, wholeAndOnce } from './purchase-trial.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Members that come and go are not tried. ${missing}\n`);

const rounds = long ? 10 : 3;

(missing === undefined ? test : test.skip)(
  'members join, and leave by a signal to their process group: no record is lost and none comes again',
  async () => {
    const trial = await PurchaseTrial.begin();
    try {
      const join = () => trial.start(options => [...underNpm, ...options]);
      const members: Member[] = [join()];
      await trial.working(1);
      const codes: unknown[] = [];
      for (let round = 0; round < rounds; round++) {
        members.push(join());
        await trial.working(2);
        await delay(500);
        // In turn the one that has just come and the one that was there before.
        const leaving = round % 2 === 0 ? members.pop() : members.shift();
        leaving?.signal(round % 3 === 2 ? 'SIGINT' : 'SIGTERM');
        codes.push(await leaving?.ended);
        await trial.working(1);
      }
      const outcome = await trial.conclude();
      process.stderr.write(`members come and go: ${outcome.inputs} inputs, ${rounds} rounds\n`);
      expect(codes).toEqual(codes.map(() => 0));
      expect(outcome).toEqual(wholeAndOnce(outcome.inputs));
    } finally {
      await trial.abandon();
    }
  },
  600_000,
);
