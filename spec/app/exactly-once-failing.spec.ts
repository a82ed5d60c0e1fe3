/** What becomes of units that fail, as the table of docs/exactly-once.md has it. */
import { type App, KafkaRxError, string } from 'kafka-rx';
import { mapAsync } from 'kafka-rx/operators';
import { held, type Member, Members } from './members.js';

const value = string;
const options = { guarantee: 'exactly-once', commit: { intervalMs: 100 } } as const;

const copy = (app: App): void => void app.topic('in', { value }).subscribe(app.to('left', { value }));

/** The errors of the commits that were told. */
const told = (member: Member): string[] =>
  member.events.flatMap(event =>
    event.type === 'commit' && event.result.error !== undefined ? [event.result.error.code] : [],
  );

const counted = (member: Member, outcome: string) =>
  member.metrics.value('kafka_rx_commits_total', { outcome });

describe('a unit of one record', () => {
  test('that fails three times with what no repetition mends fails the app with that, and not before', async () => {
    const members = new Members({ in: 1, left: 1 });
    const member = members.start(copy, options);
    await members.pass(500);
    const refusal = new KafkaRxError('COMMIT_FAILED', 'offsets are not taken here');
    members.broker.faults.refuseCommits(2, refusal);
    members.publish('in', 'a');
    await members.pass(30_000);
    expect([member.outcome, told(member), members.values('left')]).toEqual([
      'running',
      ['COMMIT_FAILED', 'COMMIT_FAILED'],
      ['a'],
    ]);
    members.broker.faults.refuseCommits(Number.POSITIVE_INFINITY, refusal);
    members.publish('in', 'b');
    await members.pass(30_000);
    expect(member.outcome).toMatchObject({
      code: 'COMMIT_FAILED',
      at: { topic: 'in', partition: 0, offset: 1 },
    });
    // One of the two that failed before, and once as one that might have held two.
    expect([told(member).length, members.values('left'), members.committed('in')]).toEqual([
      2 + 1 + 3,
      ['a'],
      [1],
    ]);
  });

  test('is tried for as long as its failures are such that pass', async () => {
    const members = new Members({ in: 1, left: 1 });
    const member = members.start(copy, options);
    await members.pass(500);
    members.broker.faults.refuseCommits(10);
    members.publish('in', 'a');
    await members.pass(60_000);
    expect([member.outcome, told(member).length, members.values('left')]).toEqual(['running', 10, ['a']]);
    await members.stop(member);
  });
});

/** Three calls, one after the other: the first is quick, and its output opens the transaction. */
function oneByOne(members: Members, ms: number) {
  return (app: App): void => {
    const call = (v: string) =>
      new Promise<string>(resolve => members.clock.schedule(() => resolve(v), v === 'a' ? 0 : ms));
    app
      .topic('in', { value })
      .pipe(mapAsync(call, { concurrency: 1 }))
      .subscribe(app.to('left', { value }));
  };
}

test('a unit that the brokers abort for its time is dropped, told and counted, and its records come again, fewer at a time', async () => {
  const members = new Members({ in: 1, left: 1 });
  const member = members.start(oneByOne(members, 40_000), options);
  await members.pass(500);
  members.publish('in', 'a', 'b', 'c');
  await members.pass(100_000);
  expect([told(member), counted(member, 'TRANSACTION_TIMEOUT')]).toEqual([['TRANSACTION_TIMEOUT'], 1]);
  await members.pass(150_000);
  expect([member.outcome, told(member).length, members.values('left'), members.committed('in')]).toEqual([
    'running',
    1,
    ['a', 'b', 'c'],
    [3],
  ]);
  await members.stop(member);
});

test.each([0, 1, 500, 11_999, 12_001])(
  'a record that is alone in its unit, and has not settled for four fifths of the transaction’s time, fails the app then, %i ms behind the start',
  async laterMs => {
    const members = new Members({ in: 1, left: 1 });
    const member = members.start(oneByOne(members, 1e9), options);
    await members.pass(500);
    members.publish('in', 'a');
    await members.pass(500 + laterMs);
    members.publish('in', 'b');
    await members.pass(47_900);
    expect(member.outcome).toBe('running');
    // Of what is left of it the app ends.
    await members.pass(1_000);
    expect(member.app.health()).toMatchObject({ live: false });
    await members.pass(60_000);
    expect(member.outcome).toMatchObject({ code: 'STALLED', at: { offset: 1 } });
    expect([told(member), members.values('left'), members.committed('in')]).toEqual([[], ['a'], [1]]);
  },
);

test('a commit that nobody answers is settled by its own task, which goes on behind it', async () => {
  const members = new Members({ in: 1, left: 1 });
  const member = members.start(copy, options);
  await members.pass(500);
  members.broker.faults.holdCommit('group', 'in/0');
  members.publish('in', 'a', 'b');
  await members.pass(1_000);
  members.publish('in', 'c');
  await members.pass(35_000);
  expect([told(member), counted(member, 'COMMIT_UNKNOWN')]).toEqual([['COMMIT_UNKNOWN'], 1]);
  expect(members.values('left')).toEqual([]);
  members.broker.faults.decideCommit('group', 'in/0');
  await members.pass(40_000);
  expect([member.outcome, members.values('left'), members.committed('in')]).toEqual([
    'running',
    ['a', 'b', 'c'],
    [3],
  ]);
  await members.stop(member);
});

describe('a unit that somebody else has opened', () => {
  const sessionTimeoutMs = 6_000;
  const fence = ({ broker }: Members) => {
    for (const unit of ['in/0', 'in/0/2']) broker.faults.fence('group', unit);
  };

  /** A member whose unit has a record, and is not committed yet. */
  async function writing(): Promise<{ members: Members; member: Member }> {
    const members = new Members({ in: 1, left: 1 });
    const member = members.start(copy, { ...options, sessionTimeoutMs });
    await members.pass(500);
    members.publish('in', 'a');
    await members.pass(10);
    return { members, member };
  }

  test('is told and counted; the task opens it anew two session timeouts later, and not before', async () => {
    const { members, member } = await writing();
    fence(members);
    await members.pass(11_900);
    // The one that had the record, and the next.
    expect([told(member), counted(member, 'COMMIT_REFUSED')]).toEqual([
      ['COMMIT_REFUSED', 'COMMIT_REFUSED'],
      2,
    ]);
    expect(members.values('left')).toEqual([]);
    await members.pass(1_000);
    expect([member.outcome, members.values('left')]).toEqual(['running', ['a']]);
    await members.stop(member);
  });

  test.each([
    ['within ten session timeouts fails the app', 45_000, { code: 'COMMIT_REFUSED' }],
    ['later than that is waited for as before', 61_000, 'running'],
  ])('again, %s', async (_, afterMs, outcome) => {
    const { members, member } = await writing();
    fence(members);
    await members.pass(afterMs);
    members.publish('in', 'b');
    await members.pass(10);
    fence(members);
    await members.pass(30_000);
    if (typeof outcome === 'string') expect(member.outcome).toBe(outcome);
    else expect(member.outcome).toMatchObject(outcome);
    expect(members.values('left')).toEqual(outcome === 'running' ? ['a', 'b'] : ['a']);
  });

  test.each<[string, (app: App) => void]>([
    ['written', copy],
    [
      'in a call',
      app =>
        void app
          .topic('in', { value })
          .pipe(mapAsync(async v => v))
          .subscribe(app.to('left', { value })),
    ],
  ])(
    'while a record is %s is no stall of that: the task waits for two session timeouts, as they are by default',
    async (_, wire) => {
      const members = new Members({ in: 1, left: 1 });
      const member = members.start(wire, options);
      await members.pass(500);
      fence(members);
      members.publish('in', 'a');
      await members.pass(59_500);
      expect([member.outcome, told(member), member.app.health().reasons]).toEqual([
        'running',
        ['COMMIT_REFUSED'],
        [expect.stringContaining('somebody else has opened its unit')],
      ]);
      await members.pass(1_000);
      expect([member.outcome, members.values('left'), members.committed('in')]).toEqual([
        'running',
        ['a'],
        [1],
      ]);
      expect(member.app.health().reasons).toEqual([]);
      await members.stop(member);
    },
  );

  test('is the only thing that is told of a partition that was at its span then', async () => {
    const members = new Members({ in: 1, left: 1 });
    const second = held<string>();
    const call = (v: string) => (v === 'b' ? second.promise : new Promise<string>(() => {}));
    const member = members.start(
      app => void app.topic('in', { value }).pipe(mapAsync(call)).subscribe(app.to('left', { value })),
      { ...options, commit: { intervalMs: 10_000 }, bounds: { maxSpan: 2 } },
    );
    await members.pass(500);
    members.publish('in', 'a', 'b', 'c');
    await members.pass(100);
    expect(member.app.health().reasons).toEqual([expect.stringContaining('is at its span')]);
    fence(members);
    second.resolve('b');
    await members.pass(20_000);
    expect(member.app.health().reasons).toEqual([
      expect.stringContaining('somebody else has opened its unit'),
    ]);
  });

  test('again and again is no failure where the group tells each time that there is another owner', async () => {
    const members = new Members({ in: 1, left: 1 });
    const member = members.start(copy, { ...options, sessionTimeoutMs });
    await members.pass(500);
    for (const v of ['a', 'b', 'c']) {
      members.publish('in', v);
      await members.pass(10);
      fence(members);
      await members.pass(1_000);
      members.broker.faults.rebalance('group');
      await members.pass(2_000);
    }
    await members.pass(60_000);
    expect([member.outcome, members.values('left')]).toEqual(['running', ['a', 'b', 'c']]);
    await members.stop(member);
  });

  test.each<[string, (members: Members) => void]>([
    [
      'by a rebalance',
      members => {
        fence(members);
        members.clock.schedule(() => members.broker.faults.rebalance('group'), 1_000);
      },
    ],
    [
      'by an expelled session',
      ({ broker }) => {
        broker.faults.expireSession(broker.members('group')[0]?.memberId ?? '');
      },
    ],
  ])('for the first time behind one that the group explained %s: the app goes on', async (_, refuse) => {
    const { members, member } = await writing();
    refuse(members);
    await members.pass(20_000);
    expect([counted(member, 'COMMIT_REFUSED'), members.values('left')]).toEqual([expect.any(Number), ['a']]);
    expect(told(member)).toContain('COMMIT_REFUSED');
    // The one that the group does not explain.
    members.publish('in', 'b');
    await members.pass(10);
    fence(members);
    await members.pass(30_000);
    expect([member.outcome, members.values('left'), members.committed('in')]).toEqual([
      'running',
      ['a', 'b'],
      [2],
    ]);
    // And the second of these: 30 s behind the first.
    members.publish('in', 'c');
    await members.pass(10);
    fence(members);
    await members.pass(30_000);
    expect([member.outcome, members.values('left')]).toEqual([
      expect.objectContaining({ code: 'COMMIT_REFUSED' }),
      ['a', 'b'],
    ]);
  });

  test('twice fails the app with its place, and with what to do about it', async () => {
    const members = new Members({ in: 1, left: 1 });
    const member = members.start(copy, { ...options, sessionTimeoutMs });
    await members.pass(500);
    for (const v of ['a', 'b']) {
      members.publish('in', v);
      await members.pass(10);
      fence(members);
      await members.pass(20_000);
    }
    expect(member.outcome).toMatchObject({
      code: 'COMMIT_REFUSED',
      at: { topic: 'in', partition: 0, offset: 1 },
      remedy: "Another program uses the transactional id 'group/in%2F0': stop it, or take another groupId",
    });
    expect(String(member.outcome)).not.toMatch(/Open it anew|Give the task up/);
    expect(String(member.outcome)).toMatch(/Transaction group\/in%2F0 was opened by another owner/);
  });

  test('between two of its units is told and counted, too', async () => {
    const { members, member } = await writing();
    // The one that is not written to: that of its next unit.
    members.broker.faults.fence('group', 'in/0/2');
    await members.pass(1_000);
    expect([told(member), counted(member, 'COMMIT_REFUSED')]).toEqual([['COMMIT_REFUSED'], 1]);
    expect([members.values('left'), member.app.health().reasons.length]).toEqual([['a'], 1]);
    await members.pass(12_000);
    expect([member.outcome, member.app.health().reasons]).toEqual(['running', []]);
    await members.stop(member);
  });
});
