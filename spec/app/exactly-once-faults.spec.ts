/** An app under exactly once while one thing after the other goes wrong: it goes on, and says what happened. */
import { type App, type DocumentStore, KafkaRxError, string } from 'kafka-rx';
import { filterValue, mapAsync, share } from 'kafka-rx/operators';
import { held, type Member, Members } from './members.js';

const value = string;

const options = {
  guarantee: 'exactly-once',
  commit: { intervalMs: 100 },
} as const;

const tooLarge = new KafkaRxError('PRODUCE', 'the topic takes no record of that size', {});

/** The errors of the commits that were told. */
function toldErrors(member: Member): string[] {
  return member.events.flatMap(event =>
    event.type === 'commit' && event.result.error !== undefined ? [event.result.error.code] : [],
  );
}

/** Calls of the same length; those that begin together end in one task of the clock. */
function callsOf({ clock }: Members, ms: number): (v: string) => Promise<string> {
  const ending = new Map<number, (() => void)[]>();
  return v =>
    new Promise(resolve => {
      const end = clock.elapsed() + ms;
      const others = ending.get(end);
      if (others !== undefined) {
        others.push(() => resolve(v));
        return;
      }
      const all = [() => resolve(v)];
      ending.set(end, all);
      clock.schedule(() => {
        ending.delete(end);
        for (const done of all) done();
      }, ms);
    });
}

test('work that settles while a failed unit waits to be tried again does not end that wait', async () => {
  const members = new Members({ in: 1, left: 1, right: 1 });
  const wire = (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.pipe(filterValue(v => v.startsWith('x'))).subscribe(app.to('left', { value }));
    const call = (v: string) => new Promise<string>(resolve => members.clock.schedule(() => resolve(v), 50));
    in$
      .pipe(
        mapAsync(call),
        filterValue(v => v === 'r39'),
      )
      .subscribe(app.to('right', { value }));
  };
  members.broker.faults.failProduce(2, tooLarge, { topic: 'left' });
  const member = members.start(wire, options);
  await members.pass(500);
  members.publish('in', 'x', ...Array.from({ length: 40 }, (_, i) => `r${i}`));
  await members.pass(5_000);
  expect([member.outcome, members.values('left'), members.values('right'), members.committed('in')]).toEqual([
    'running',
    ['x'],
    ['r39'],
    [41],
  ]);
  await members.stop(member);
});

test('a unit that is dropped since an output was refused is told as a commit with its error', async () => {
  const members = new Members({ in: 1, left: 1 });
  members.broker.faults.failProduce(1, tooLarge, { topic: 'left' });
  const member = members.start(
    app => app.topic('in', { value }).subscribe(app.to('left', { value })),
    options,
  );
  await members.pass(500);
  members.publish('in', 'a', 'b', 'c');
  await members.pass(1_000);
  expect([toldErrors(member), members.values('left'), members.committed('in')]).toEqual([
    ['PRODUCE'],
    ['a', 'b', 'c'],
    [3],
  ]);
  await members.stop(member);
});

test.each(['fail', 'skip'] as const)(
  'what is refused in a unit that was given up is nobody’s affair, though the next one is to hold a single record: %s',
  async policy => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    const { faults } = members.broker;
    const wire = (app: App): void => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.pipe(filterValue(v => v === 'r0')).subscribe(app.to('left', { value }));
      in$
        .pipe(
          mapAsync(callsOf(members, 50)),
          filterValue(v => v === 'r1'),
        )
        .subscribe(app.to('right', { value }));
    };
    faults.refuseCommits(1);
    const member = members.start(wire, {
      ...options,
      commit: { intervalMs: 100, every: 16 },
      policies: { produce: policy },
    });
    let failed = 0;
    member.app.events$.subscribe(event => {
      if (event.type !== 'commit' || event.result.error === undefined || failed++ > 0) return;
      // Of the second unit, which holds four: the one at once, the other in the wait for the third.
      for (const topic of ['left', 'right']) faults.failProduce(1, tooLarge, { topic });
    });
    await members.pass(500);
    members.publish('in', ...Array.from({ length: 16 }, (_, i) => `r${i}`));
    await members.pass(20_000);
    expect([member.outcome, members.values('left'), members.values('right')]).toEqual([
      'running',
      ['r0'],
      ['r1'],
    ]);
    expect([failed, members.committed('in')]).toEqual([2, [16]]);
    expect(
      member.metrics.value('kafka_rx_records_dropped_total', { reason: 'skipped', stage: 'produce' }),
    ).toBe(0);
    await members.stop(member);
  },
);

/** A store whose first note of a position is answered when `noted` is. */
function slowToNote(noted: Promise<void>): DocumentStore<string> {
  let first = true;
  return {
    name: 'notes',
    open: async () => {},
    close: async () => {},
    write: async () => {},
    positions: {
      id: '00000000-0000-0000-0000-000000000001',
      read: () => undefined,
      advance: () => {
        if (!first) return undefined;
        first = false;
        return noted;
      },
    },
  } as unknown as DocumentStore<string>;
}

test('what a former epoch is still committing keeps nothing of this one from being committed', async () => {
  const members = new Members({ in: 1, left: 1 });
  const noted = held<void>();
  const wire = (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.to('left', { value }));
    in$.subscribe(app.store(slowToNote(noted.promise)));
  };
  const member = members.start(wire, { ...options, rebalanceTimeoutMs: 6_000 });
  await members.pass(500);
  members.publish('in', 'a');
  await members.pass(1_000);
  // Where a store notes positions, nothing is committed that it has not noted.
  expect([members.values('left'), members.committed('in')]).toEqual([[], [-1]]);
  members.broker.faults.rebalance('group');
  await members.pass(10_000);
  expect([member.outcome, members.values('left')]).toEqual(['running', ['a']]);
  noted.resolve();
  await members.pass(5_000);
  expect([member.outcome, members.values('left'), members.committed('in')]).toEqual(['running', ['a'], [1]]);
  await members.stop(member);
});

test('a unit that another owner has opened between two of its units is waited for, and goes on in the next epoch', async () => {
  const members = new Members({ in: 1, left: 1 });
  const member = members.start(
    app => app.topic('in', { value }).subscribe(app.to('left', { value })),
    options,
  );
  let fenced = false;
  member.app.events$.subscribe(event => {
    if (fenced || event.type !== 'commit') return;
    fenced = true;
    for (const unit of ['in/0', 'in/0/2']) members.broker.faults.fence('group', unit);
  });
  await members.pass(500);
  members.publish('in', 'a');
  await members.pass(1_000);
  members.publish('in', 'b');
  await members.pass(1_000);
  expect([fenced, member.outcome, members.values('left')]).toEqual([true, 'running', ['a']]);
  members.broker.faults.rebalance('group');
  await members.pass(2_000);
  expect([member.outcome, members.values('left'), members.committed('in')]).toEqual([
    'running',
    ['a', 'b'],
    [2],
  ]);
  await members.stop(member);
});

test('many partitions with a backlog behind few slow calls: none waits so long that its unit or the app is given up', async () => {
  const partitions = Array.from({ length: 40 }, (_, partition) => partition);
  const members = new Members({ in: partitions.length, left: 1 });
  const call = callsOf(members, 200);
  const member = members.start(
    app =>
      app
        .topic('in', { value })
        .pipe(mapAsync(call, { concurrency: 16 }))
        .subscribe(app.to('left', { value })),
    options,
  );
  await members.pass(500);
  for (const partition of partitions) {
    members.broker.publish(
      'in',
      Array.from({ length: 200 }, (_, i) => ({ value: `${partition}-${i}`, partition })),
    );
  }
  await members.pass(110_000);
  expect([member.outcome, members.values('left').length, toldErrors(member)]).toEqual(['running', 8_000, []]);
  await members.stop(member);
}, 120_000);

test('calls one after the other that take long: their units become small enough, and none fails any more', async () => {
  const members = new Members({ in: 1, left: 1 });
  const call = callsOf(members, 5_000);
  const member = members.start(
    app =>
      app
        .topic('in', { value })
        .pipe(mapAsync(call, { concurrency: 1 }))
        .subscribe(app.to('left', { value })),
    options,
  );
  await members.pass(500);
  members.publish('in', ...Array.from({ length: 60 }, (_, i) => `r${i}`));
  await members.pass(200_000);
  const failed = toldErrors(member).length;
  await members.pass(250_000);
  expect([member.outcome, toldErrors(member).length, members.committed('in')]).toEqual([
    'running',
    failed,
    [60],
  ]);
  expect(new Set(members.values('left')).size).toBe(60);
  await members.stop(member);
});

describe('that brokers take no record of an output is told before whatever else would be over', () => {
  const noLeader = new KafkaRxError('PRODUCE', 'the partition has no leader', { retriable: true });

  /** An app of which no output is taken, behind calls of so many milliseconds. */
  async function withoutLeader(callMs: number): Promise<{ members: Members; member: Member }> {
    const members = new Members({ in: 1, left: 1 });
    members.broker.faults.failProduce(Number.POSITIVE_INFINITY, noLeader, { topic: 'left' });
    const member = members.start(
      app =>
        app
          .topic('in', { value })
          .pipe(mapAsync(callsOf(members, callMs)))
          .subscribe(app.to('left', { value })),
      options,
    );
    await members.pass(500);
    return { members, member };
  }

  /** It is no record's fault, and is told as the app's health until brokers take what there is. */
  async function goesOnOnceTaken(members: Members, member: Member): Promise<void> {
    expect(member.outcome).toBe('running');
    expect(member.app.health().reasons.join()).toMatch(/not acknowledged within 40000 ms/);
    members.broker.faults.clear();
    await members.pass(60_000);
    expect(members.values('left')).toEqual(['a', 'b']);
    await members.stop(member);
  }

  test('than the patience with a record that does not settle, of which some is gone by then', async () => {
    const { members, member } = await withoutLeader(7_000);
    members.publish('in', 'a', 'b');
    await members.pass(47_500);
    expect([member.outcome, toldErrors(member)]).toEqual(['running', ['PRODUCE']]);
    await members.pass(600_000);
    await goesOnOnceTaken(members, member);
  });

  test('and is told as the health of the app, until they take it', async () => {
    const { members, member } = await withoutLeader(10);
    members.publish('in', 'a', 'b');
    await members.pass(200_000);
    await goesOnOnceTaken(members, member);
  });

  test('or, where most of that patience was gone, with it', async () => {
    const { members, member } = await withoutLeader(20_000);
    members.publish('in', 'a');
    await members.pass(100_000);
    expect(member.outcome).toMatchObject({ code: 'STALLED', at: { offset: 0 } });
    expect(String(member.outcome)).toMatch(
      /the driver tries again: produce to left-0 .*: the partition has no leader/,
    );
  });

  test('than the time of a transaction that is as old as it gets before its barrier', async () => {
    const members = new Members({ in: 1, left: 1, right: 1 });
    members.broker.faults.failProduce(Number.POSITIVE_INFINITY, noLeader, { topic: 'right' });
    const member = members.start(
      app => {
        const in$ = app.topic('in', { value }).pipe(share());
        in$.subscribe(app.to('left', { value }));
        in$.pipe(filterValue(v => v === 'b')).subscribe(app.to('right', { value }));
      },
      { ...options, commit: { intervalMs: 60_000 } },
    );
    await members.pass(500);
    members.publish('in', 'a');
    await members.pass(14_900);
    members.publish('in', 'b');
    await members.pass(46_000);
    expect([member.outcome, toldErrors(member)]).toEqual(['running', ['PRODUCE']]);
  });
});
