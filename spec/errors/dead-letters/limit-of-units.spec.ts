/** The limit under exactly once: what comes again since its unit was dropped is no other record that failed. */
import { CountedLetters } from '../../../lib/errors/dead-letters/counted-letters.js';
import type { DeadLetterLimit } from '../../../lib/errors/dead-letters/options.js';
import { Delivery, type Lane } from '../../../lib/flow/leases/delivery.js';
import { copyingGood } from '../../app/copying-good.js';
import { Members } from '../../app/members.js';

async function started(
  guarantee: 'exactly-once' | 'at-least-once',
  limit: DeadLetterLimit = { perMinute: 2 },
) {
  const members = new Members({ in: 1, out: 1, letters: 1 });
  const member = members.start(
    copyingGood('out', v => v.startsWith('x')),
    {
      guarantee,
      commit: { intervalMs: 100 },
      policies: { process: 'dead-letter' },
      deadLetters: { topic: 'letters', limit },
    },
  );
  await members.pass(500);
  return { members, member };
}

test('a letter of units that are dropped counts once, and is written once', async () => {
  const { members, member } = await started('exactly-once');
  members.broker.faults.refuseCommits(5);
  members.publish('in', 'a', 'x1', 'b');
  await members.pass(10_000);
  expect([member.outcome, members.values('out'), members.values('letters').length]).toEqual([
    'running',
    ['a', 'b'],
    1,
  ]);
  members.publish('in', 'x2');
  await members.pass(1_000);
  expect([member.outcome, members.values('letters').length]).toEqual(['running', 2]);
  members.publish('in', 'x3');
  await members.pass(60_000);
  expect(member.outcome).toMatchObject({ code: 'DEAD_LETTER_LIMIT' });
  expect(String(member.outcome)).toContain('3 dead letters');
});

test('a record of units that are dropped is one of those that the share is taken of', async () => {
  const { members, member } = await started('exactly-once', { share: 0.4, minimum: 1 });
  members.broker.faults.refuseCommits(5);
  members.publish('in', 'a', 'x1', 'b', 'c');
  await members.pass(10_000);
  members.publish('in', 'x2');
  await members.pass(1_000);
  expect([member.outcome, members.values('letters').length]).toEqual(['running', 2]);
  members.publish('in', 'x3');
  await members.pass(1_000);
  expect(String(member.outcome)).toContain('3 dead letters for 6 records');
});

test('at least once what comes again is another record of those that the share is taken of', async () => {
  const { members, member } = await started('at-least-once', { share: 0.4, minimum: 1 });
  members.broker.faults.refuseCommits(Number.POSITIVE_INFINITY);
  members.publish('in', 'a', 'b', 'c');
  await members.pass(500);
  members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
  await members.pass(10_000);
  members.publish('in', 'x1', 'x2', 'x3', 'x4', 'x5');
  await members.pass(60_000);
  expect(String(member.outcome)).toContain('5 dead letters for 11 records');
});

test('at least once what comes again has another letter, which counts', async () => {
  const { members, member } = await started('at-least-once');
  members.broker.faults.refuseCommits(Number.POSITIVE_INFINITY);
  members.publish('in', 'x1', 'x2');
  await members.pass(500);
  expect([member.outcome, members.values('letters').length]).toEqual(['running', 2]);
  members.broker.faults.rebalance('group');
  await members.pass(60_000);
  expect(member.outcome).toMatchObject({ code: 'DEAD_LETTER_LIMIT' });
});

test('in another epoch of a partition those count that are above all that have counted before; a topic made anew begins anew', () => {
  const counted = new CountedLetters();
  const isFirst = (epoch: number, offset: number, origin = 'c/in', slot = 0) => {
    // All that is asked of its lane.
    const lane = { topic: 'in', partition: 0, slot, epoch, origin, outputSlot: 1 } as unknown as Lane;
    return counted.isFirst(new Delivery(lane, offset, offset, { bytes: 0, open: 0 }));
  };
  expect([isFirst(1, 5), isFirst(1, 3), isFirst(1, 3)]).toEqual([true, true, true]);
  expect([isFirst(2, 3), isFirst(2, 5), isFirst(2, 6)]).toEqual([false, false, true]);
  expect([isFirst(3, 6), isFirst(3, 7)]).toEqual([false, true]);
  expect([isFirst(3, 2, 'c/in', 1), isFirst(4, 2, 'c/anew')]).toEqual([true, true]);
});
