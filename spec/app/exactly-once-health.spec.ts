/** What health() says of units of work that fail, until they pass. */
import { type App, KafkaRxError, string } from 'kafka-rx';
import { filterValue, share } from 'kafka-rx/operators';
import type { Driver } from '../../lib/drivers/port.js';
import { but } from './but.js';
import { driverWith, driverWithUnits } from './driver-with.js';
import { held, Members } from './members.js';

const value = string;

const options = { guarantee: 'exactly-once', commit: { intervalMs: 100 }, sessionTimeoutMs: 6_000 } as const;

const passing = new KafkaRxError('COMMIT_FAILED', 'no coordinator', { retriable: true });

const copy = (app: App): void => void app.topic('in', { value }).subscribe(app.to('out', { value }));

/** The embedded broker's driver, which opens a unit of work once this has resolved. */
const driverThat = (members: Members, opens: () => Promise<void>): Driver =>
  driverWithUnits(members, open => async (...of) => {
    await opens();
    return open(...of);
  });

const repeats = expect.stringMatching(/^partition 0 of 'in' repeats its records: \d units .* no coordinator/);
const isTaken = expect.stringMatching(/^partition 0 of 'in' waits for the group to say who has it/);

test('a task that repeats its records is a reason while its units are opened anew, until one passes', async () => {
  const members = new Members({ in: 1, out: 1 });
  let opening = Promise.resolve();
  const member = members.start(copy, { ...options, driver: driverThat(members, () => opening) });
  await members.pass(500);
  members.broker.faults.refuseCommits(2, passing);
  members.publish('in', 'a');
  await members.pass(150);
  const open = held();
  opening = open.promise;
  for (let i = 0; i < 4; i++) {
    expect(member.app.health().reasons).toEqual([repeats]);
    await members.pass(1_000);
  }
  expect(members.values('out')).toEqual([]);
  open.resolve();
  await members.pass(1_000);
  expect([member.app.health().reasons, members.values('out')]).toEqual([[], ['a']]);
  await members.stop(member);
});

test('it is none any more once another member has the partition, though its units were not asked for anew yet', async () => {
  const members = new Members({ in: 1, out: 1 });
  let rewinds = 0;
  const driver = driverWith(members, inner => ({
    consumer: (asked, listener) => {
      const consumer = inner.consumer(asked, listener);
      return but(consumer, {
        rewind: partitions => {
          const rewound = consumer.rewind(partitions);
          if (++rewinds === 2) queueMicrotask(() => listener.lost(rewound));
          return rewound;
        },
      });
    },
  }));
  const member = members.start(copy, { ...options, driver });
  await members.pass(500);
  members.broker.faults.refuseCommits(2, passing);
  members.publish('in', 'a');
  await members.pass(110);
  expect(member.app.health().reasons).toContainEqual(repeats);
  await members.pass(1_000);
  expect([rewinds, member.app.health().reasons]).toEqual([
    2,
    ['the group has not assigned its partitions yet'],
  ]);
  await members.stop(member);
});

test('a task that was taken for a moment is a reason until its units are open again, though nothing is there to commit', async () => {
  const members = new Members({ in: 1, out: 1 });
  let opening = Promise.resolve();
  let opened = 0;
  const driver = driverThat(members, async () => {
    await opening;
    // Behind the first of the two, and before it begins.
    if (++opened === 2) members.broker.faults.fence('group', 'in/0');
  });
  const member = members.start(copy, { ...options, driver });
  await members.pass(1_000);
  expect(member.app.health().reasons).toEqual([isTaken]);
  const open = held();
  opening = open.promise;
  await members.pass(15_000);
  expect(member.app.health().reasons).toContainEqual(isTaken);
  open.resolve();
  await members.pass(1_000);
  expect([opened, member.app.health().reasons]).toEqual([4, []]);
  await members.stop(member);
});

test('that a gate was tried again is a reason until it is open', async () => {
  const members = new Members({ in: 1, out: 1 });
  let refused = 0;
  const driver = driverThat(members, async () => {
    if (++refused <= 3) throw passing;
  });
  const member = members.start(copy, { ...options, driver });
  await members.pass(120);
  expect(member.app.health().reasons).toEqual([
    expect.stringMatching(/^the driver tries again: gate of in-0 \(\d times so far\): no coordinator/),
  ]);
  await members.pass(2_000);
  members.publish('in', 'a');
  await members.pass(500);
  expect([member.app.health().reasons, members.values('out')]).toEqual([[], ['a']]);
  await members.stop(member);
});

describe('an output topic that is gone', () => {
  const wire = (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.to('left', { value }));
    in$.subscribe(app.to('right', { value }));
  };
  const wired = async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(wire, options);
    await members.pass(500);
    members.broker.deleteTopic('right');
    members.publish('in', 'a', 'b', 'c');
    return { members, member };
  };
  const madeAnew = 'Create it anew, or start the app again with the topics that there are';
  const withoutRight = {
    code: 'MISSING_TOPIC',
    at: { topic: 'in', partition: 0, offset: 0 },
    remedy: madeAnew,
    message: `No such topic: right (topic in, partition 0, offset 0). ${madeAnew}`,
  };
  const waitsForIt = expect.stringMatching(
    new RegExp(`tries again: gate of in-0 .*No such topic: right\\. ${madeAnew}(?!.*Create it)`),
  );

  test('is waited for where the units are opened anew, as a reason in health, and goes on once it is there', async () => {
    const { members, member } = await wired();
    for (let i = 0; i < 3; i++) {
      await members.pass(10_000);
      expect([member.outcome, member.app.health().reasons]).toEqual(['running', [waitsForIt]]);
    }
    members.broker.createTopic('right', 1);
    await members.pass(10_000);
    expect([member.outcome, members.values('left'), members.values('right')]).toEqual([
      'running',
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect([members.committed('in'), member.app.health().reasons]).toEqual([[3], []]);
    await members.stop(member);
  });

  test('fails the app by its name once a record would not have been delivered either', async () => {
    const { members, member } = await wired();
    await members.pass(39_000);
    expect(member.outcome).toBe('running');
    await members.pass(60_000);
    expect(member.outcome).toMatchObject(withoutRight);
    expect(members.committed('in')).toEqual([-1]);
  });

  test('keeps no unit from being opened as long as nothing was written to it; a record for it waits for it', async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.subscribe(app.to('left', { value }));
      in$.pipe(filterValue(v => v === 'c')).subscribe(app.to('right', { value }));
    }, options);
    await members.pass(500);
    members.broker.deleteTopic('right');
    members.broker.faults.rebalance('group');
    await members.pass(500);
    members.publish('in', 'a', 'b');
    await members.pass(500);
    expect([member.outcome, member.app.health().reasons, members.values('left')]).toEqual([
      'running',
      [],
      ['a', 'b'],
    ]);
    members.publish('in', 'c');
    await members.pass(20_000);
    expect([member.outcome, member.app.health().reasons, members.values('left')]).toEqual([
      'running',
      [waitsForIt],
      ['a', 'b'],
    ]);
    members.broker.createTopic('right', 1);
    await members.pass(10_000);
    expect([member.outcome, members.values('left'), members.values('right')]).toEqual([
      'running',
      ['a', 'b', 'c'],
      ['c'],
    ]);
    await members.stop(member);
  });

  test('fails the app by its name where the first record for it waits for too long', async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(wire, options);
    await members.pass(500);
    members.broker.deleteTopic('right');
    members.broker.faults.rebalance('group');
    await members.pass(500);
    members.publish('in', 'a');
    await members.pass(100_000);
    expect(member.outcome).toMatchObject(withoutRight);
    expect(members.committed('in')).toEqual([-1]);
  });
});
