/** Branches that end for good within a unit of work that is dropped: its records come again, and nobody takes them for the branch. */
import { type App, string } from 'kafka-rx';
import { share, through } from 'kafka-rx/operators';
import {
  elementAt,
  filter,
  first,
  type MonoTypeOperatorFunction,
  merge,
  NEVER,
  Observable,
  take,
  takeWhile,
} from 'rxjs';
import type { KafkaRecord } from '../../lib/record/record.js';
import { Members } from './members.js';

type Texts = KafkaRecord<Buffer | null, string>;

const value = string;
const options = { guarantee: 'exactly-once', commit: { intervalMs: 100 } } as const;
const sessionTimeoutMs = 6_000;

/** A branch that ends, and one beside it that does not. */
const beside =
  (ends: MonoTypeOperatorFunction<Texts>) =>
  (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.pipe(ends).subscribe(app.to('left', { value, mayEnd: true }));
    in$.subscribe(app.to('right', { value }));
  };

/** These are in the first unit, which is dropped. */
async function dropsFirstUnit(members: Members, ...values: readonly string[]): Promise<void> {
  await members.pass(500);
  members.broker.faults.refuseCommits(1);
  members.publish('in', ...values);
  await members.pass(5_000);
}

describe('a branch that has ended within a unit that is dropped fails the app, and has its outputs behind a restart', () => {
  test.each<[string, MonoTypeOperatorFunction<Texts>, number, string[]]>([
    ['take', take(2), 1, ['a', 'b']],
    ['first', first(), 0, ['a']],
    ['takeWhile', takeWhile(record => record.value !== 'b'), 0, ['a']],
    ['elementAt', elementAt(1), 1, ['b']],
  ])('%s', async (_, ends, offset, left) => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(beside(ends), options);
    await dropsFirstUnit(members, 'a', 'b', 'c');
    expect(member.outcome).toMatchObject({
      code: 'SINK_ENDED',
      at: { topic: 'in', partition: 0, offset },
      remedy: 'Start the app again: the record comes again, and the branch with it',
    });
    expect(String(member.outcome)).toContain("'left'");
    expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([
      [],
      [],
      [-1],
    ]);
    const again = members.start(beside(ends), options);
    await members.pass(5_000);
    expect([again.outcome, members.values('left'), members.values('right'), members.committed('in')]).toEqual(
      ['running', left, ['a', 'b', 'c'], [3]],
    );
    await members.stop(again);
  });

  test('also where a record of another task has ended it, or of the same one in a later unit', async () => {
    const members = new Members({ in: 2, left: 1, right: 1 });
    const member = members.start(beside(take(2)), options);
    await members.pass(500);
    members.broker.faults.refuseCommits(1);
    members.broker.publish('in', [{ value: 'a', partition: 0 }]);
    await members.pass(50);
    members.broker.publish('in', [{ value: 'b', partition: 1 }]);
    await members.pass(5_000);
    expect(member.outcome).toMatchObject({
      code: 'SINK_ENDED',
      at: { topic: 'in', partition: 0, offset: 0 },
    });
    expect(members.committed('in')[0]).toBe(-1);
  });

  test('also where a sink of several branches goes on with another of them', async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      const left = app.to('left', { value, mayEnd: true });
      in$.pipe(take(1)).subscribe(left);
      in$.pipe(filter(record => record.value === 'c')).subscribe(left);
    }, options);
    await dropsFirstUnit(members, 'a', 'b', 'c');
    expect(member.outcome).toMatchObject({ code: 'SINK_ENDED', at: { offset: 0 } });
    expect([members.values('left'), members.committed('in')]).toEqual([[], [-1]]);
  });

  test('also where a plain merge hides that it was a branch of several', async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      const plain = (source: Observable<Texts>) => new Observable<Texts>(to => source.subscribe(to));
      plain(in$.pipe(take(1))).subscribe(app.to('left', { value, mayEnd: true }));
      in$.subscribe(app.to('right', { value }));
    }, options);
    await dropsFirstUnit(members, 'a', 'b');
    expect(member.outcome).toMatchObject({ code: 'SINK_ENDED', at: { offset: 0 } });
  });

  test.each([0, 20])('also with a dead letter of its sink, %i ms behind the end', async ms => {
    const members = new Members({ in: 1, right: 1, letters: 1 });
    const member = members.start(
      app => {
        const in$ = app.topic('in', { value }).pipe(share());
        const refuse = () =>
          new Promise((_, reject) => members.clock.schedule(() => reject(new Error('not this one')), ms));
        in$
          .pipe(take(1))
          .subscribe(app.each(refuse, { mayEnd: true, name: 'refusing', onError: 'dead-letter' }));
        in$.subscribe(app.to('right', { value }));
      },
      { ...options, deadLetters: { topic: 'letters' } },
    );
    await dropsFirstUnit(members, 'a', 'b');
    expect(member.outcome).toMatchObject({ code: 'SINK_ENDED', at: { offset: 0 } });
  });

  test('also where the group gives its partition out, and it comes back', async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(beside(take(1)), { ...options, sessionTimeoutMs });
    await members.pass(500);
    members.publish('in', 'a', 'b');
    await members.pass(50);
    members.broker.faults.losePartitions(members.memberIds()[0] as string);
    await members.pass(5_000);
    expect(member.outcome).toMatchObject({ code: 'SINK_ENDED', at: { offset: 0 } });
    expect([members.values('right'), members.committed('in')]).toEqual([[], [-1]]);
  });
});

describe('a branch that has ended is no failure', () => {
  test('where its unit was committed, whatever is dropped later', async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(beside(take(1)), options);
    await members.pass(500);
    members.publish('in', 'a');
    await members.pass(1_000);
    members.broker.faults.refuseCommits(2);
    members.publish('in', 'b');
    await members.pass(5_000);
    expect([
      member.outcome,
      members.values('left'),
      members.values('right'),
      members.committed('in'),
    ]).toEqual(['running', ['a'], ['a', 'b'], [2]]);
    await members.stop(member);
  });

  test('where a unit is dropped of which it had nothing', async () => {
    const members = new Members({ in: 2, left: 1, right: 1 });
    const member = members.start(beside(first(record => record.value === 'b')), options);
    await members.pass(500);
    members.broker.faults.refuseCommits(1);
    members.broker.publish('in', [{ value: 'a', partition: 0 }]);
    await members.pass(50);
    members.broker.publish('in', [{ value: 'b', partition: 1 }]);
    await members.pass(5_000);
    expect([
      member.outcome,
      members.values('left'),
      members.values('right'),
      members.committed('in'),
    ]).toEqual(['running', ['b'], ['b', 'a'], [1, 1]]);
    await members.stop(member);
  });

  test('where what it did is done, whatever becomes of the unit', async () => {
    const members = new Members({ in: 1, right: 1 });
    const seen: string[] = [];
    const member = members.start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.pipe(take(1)).subscribe(app.each(record => void seen.push(record.value), { mayEnd: true }));
      in$.subscribe(app.to('right', { value }));
    }, options);
    await dropsFirstUnit(members, 'a', 'b');
    expect([member.outcome, seen, members.values('right')]).toEqual(['running', ['a'], ['a', 'b']]);
    await members.stop(member);
  });

  test('where its records come again to another member, of which each has a branch of its own', async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const member = members.start(beside(take(1)), { ...options, sessionTimeoutMs });
    await members.pass(500);
    members.publish('in', 'a', 'b');
    await members.pass(50);
    members.broker.faults.crash(members.memberIds()[0] as string);
    const other = members.start(beside(take(1)), { ...options, sessionTimeoutMs });
    await members.pass(20_000);
    expect([other.outcome, members.values('left'), members.values('right'), members.committed('in')]).toEqual(
      ['running', ['a'], ['a', 'b'], [2]],
    );
    expect(member.outcome).toBe('running');
  });
});

test.each<[string, (in$: Observable<Texts>, app: App) => void]>([
  [
    'through',
    (in$, app) =>
      void in$
        .pipe(
          take(1),
          through(app.to('left', { value })),
          filter(() => false),
        )
        .subscribe(app.to('left', { value, mayEnd: true, name: 'ending' })),
  ],
  [
    'a plain merge',
    (in$, app) => void merge(in$.pipe(take(1)), NEVER).subscribe(app.to('left', { value, mayEnd: true })),
  ],
])('what is above its sink, or hidden, is not looked at: %s', async (_, wire) => {
  const members = new Members({ in: 1, left: 1, right: 1 });
  const member = members.start(app => {
    const in$ = app.topic('in', { value }).pipe(share());
    wire(in$, app);
    in$.subscribe(app.to('right', { value }));
  }, options);
  await members.pass(500);
  members.broker.faults.refuseCommits(1);
  members.publish('in', 'a', 'b');
  await members.pass(5_000);
  expect([member.outcome, members.values('left'), members.values('right')]).toEqual([
    'running',
    [],
    ['a', 'b'],
  ]);
  await members.stop(member);
});
