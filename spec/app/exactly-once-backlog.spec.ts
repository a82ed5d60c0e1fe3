/** Under exactly once a backlog of slow calls: tasks wait for each other, and no record of them is slow. All options are at their defaults. */
import { type App, string } from 'kafka-rx';
import { mapAsync, mapValue, share } from 'kafka-rx/operators';
import { type Member, Members } from './members.js';

const value = string;
const options = { guarantee: 'exactly-once', startFrom: 'earliest', commit: {} } as const;

/** The errors of the commits that were told. */
const told = (member: Member): string[] =>
  member.events.flatMap(event =>
    event.type === 'commit' && event.result.error !== undefined ? [event.result.error.code] : [],
  );

/** Calls of so many milliseconds, sixteen at once; 'never' is one that does not end. */
const slowly =
  (members: Members, ms: number, concurrency = 16) =>
  (app: App): void => {
    const call = (v: string) =>
      new Promise<string>(resolve => {
        if (v !== 'never') members.clock.schedule(() => resolve(v), ms);
      });
    app.topic('in', { value }).pipe(mapAsync(call, { concurrency })).subscribe(app.to('left', { value }));
  };

/** So many records of each partition. */
function withBacklog(counts: readonly number[]) {
  const members = new Members({ in: counts.length, left: 1 });
  counts.forEach((count, partition) => {
    members.broker.publish(
      'in',
      Array.from({ length: count }, (_, n) => ({ value: `${partition}/${n}`, partition })),
    );
  });
  return members;
}

test.each([
  [2, 300, 3_500],
  [8, 300, 500],
  [20, 40, 3_000],
])(
  '%i tasks of %i records, of calls of %i ms, come to an end, each record once',
  async (tasks, records, ms) => {
    const members = withBacklog(Array.from({ length: tasks }, () => records));
    const member = members.start(slowly(members, ms), options);
    await members.pass(600_000);
    expect([member.outcome, members.committed('in')]).toEqual([
      'running',
      Array.from({ length: tasks }, () => records),
    ]);
    const left = members.values('left');
    expect([left.length, new Set(left).size]).toEqual([tasks * records, tasks * records]);
    expect(member.app.health().reasons).toEqual([]);
    await members.stop(member);
  },
  60_000,
);

test('a task of one record does not wait for all that another has waiting', async () => {
  const members = withBacklog([256, 1]);
  const member = members.start(slowly(members, 3_500), options);
  await members.pass(10_000);
  expect([member.outcome, members.committed('in')]).toEqual(['running', [-1, 1]]);
  await members.pass(60_000);
  expect([told(member), members.committed('in')]).toEqual([[], [256, 1]]);
  await members.stop(member);
});

describe('a call that never ends', () => {
  test('drops its unit, told and counted, while that holds others, and fails the app when it is alone in one', async () => {
    const members = new Members({ in: 1, left: 1 });
    members.publish('in', 'a', 'never', 'b', 'c', 'd', 'e', 'f', 'g');
    const member = members.start(slowly(members, 10), options);
    await members.pass(47_000);
    expect(told(member)).toEqual([]);
    // Of 8 records, of 2, and alone.
    await members.pass(2_000);
    expect([member.outcome, told(member)]).toEqual(['running', ['STALLED']]);
    expect(member.metrics.value('kafka_rx_commits_total', { outcome: 'STALLED' })).toBe(1);
    await members.pass(48_000);
    expect([member.outcome, told(member)]).toEqual(['running', ['STALLED', 'STALLED']]);
    await members.pass(3 * 48_000);
    expect(member.outcome).toMatchObject({
      code: 'STALLED',
      at: { topic: 'in', partition: 0, offset: 1 },
    });
    expect([members.values('left'), members.committed('in')]).toEqual([['a'], [1]]);
  });

  test('is what STALLED names, also where the one before it comes to wait for it, since it takes all the room', async () => {
    const members = new Members({ in: 1, left: 1 });
    members.publish('in', 'a', 'never');
    const member = members.start(slowly(members, 10, 1), options);
    await members.pass(140_000);
    expect([told(member), members.values('left')]).toEqual([['STALLED'], []]);
    expect(member.outcome).toMatchObject({ code: 'STALLED', at: { offset: 1 } });
  });
});

test.each([
  [20_000, 'running'],
  [25_000, expect.objectContaining({ code: 'STALLED' })],
] as const)(
  'a call in order waits for the same one of a unit that was dropped: calls of %i ms with 48 s of patience',
  async (ms, outcome) => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(
      app => {
        const in$ = app.topic('in', { value }).pipe(share());
        const call = (v: string) =>
          new Promise<string>(resolve => void members.clock.schedule(() => resolve(v), ms));
        in$.pipe(mapAsync(call, { order: 'partition' })).subscribe(app.to('left', { value }));
        // Too large for what the producer takes: the unit of several is dropped, in which it is refused.
        in$
          .pipe(mapValue(v => v.repeat(5_000)))
          .subscribe(app.to('right', { value, onProduceError: 'skip' }));
      },
      { ...options, producer: { maxRecordBytes: 1_000 } },
    );
    members.publish('in', 'a', 'b');
    await members.pass(150_000);
    expect(member.outcome).toEqual(outcome);
    if (outcome === 'running') expect(members.values('left')).toEqual(['a', 'b']);
    await members.stop(member);
  },
);
