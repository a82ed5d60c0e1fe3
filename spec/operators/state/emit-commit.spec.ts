/** `emit: 'commit'`: one result a key and barrier, in the unit of what it was made of. */
import { createApp, nullable, number, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { batch, mapAsync, mapValue } from 'kafka-rx/operators';
import {
  aggregate,
  cogroup,
  count,
  hopping,
  reduce,
  repartition,
  type SessionWindows,
  session,
  sum,
  tumbling,
} from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import { filter, firstValueFrom } from 'rxjs';
import type { App } from '../../../lib/app/interface.js';
import { at, counts, numbers, read, text } from './counted.js';
import { printedWindows } from './printed-windows.js';

const ones = sum(() => 1);

function counting(app: App): void {
  app
    .topic('in', text)
    .pipe(count(app.state('counts', counts), { emit: 'commit' }))
    .subscribe(app.to('out', numbers));
}

describe.each(['at-least-once', 'exactly-once'] as const)('%s', guarantee => {
  const run = (topology: (app: App) => void) =>
    testApp(topology, { guarantee, commit: { intervalMs: 100 }, partitions: 1 });

  test('the last of each key comes with each commit, in the order of their last changes', async () => {
    const t = await run(counting);
    t.pipeIn('in', [at('a', 5), at('b', 3), at('a', 4)]);
    expect(read(t)).toEqual([]);
    await t.advance(100);
    expect(read(t)).toEqual(['b=1@3', 'a=2@5']);
    await t.advance(500);
    expect(read(t)).toEqual([]);
    t.pipeIn('in', [at('a', 6)]);
    await t.restart();
    expect(read(t)).toEqual(['a=3@6']);
    t.pipeIn('in', [at('a', 7)]);
    await t.idle();
    expect(read(t)).toEqual(['a=4@7']);
    await t.stop();
  });

  test('what it hands on comes to other states in the same unit, and each of these hands on once', async () => {
    const t = await run(app => {
      const counted$ = app.topic('in', text).pipe(count(app.state('counts', counts), { emit: 'commit' }));
      counted$
        .pipe(
          batch(records => records.length, { maxWaitMs: 60_000 }),
          reduce(app.state('batched', { key: string, value: number }), (x, y) => x + y, { emit: 'commit' }),
        )
        .subscribe(app.to('batched', numbers));
      // A diamond: the lower state hears of a record, and of what the upper one made of it.
      cogroup(
        app.state('sums', { key: string, value: number }),
        [
          [app.topic('in', text), all => all + 100],
          [counted$, (all, n) => all + n],
        ],
        { initial: () => 0, emit: 'commit' },
      ).subscribe(app.to('out', numbers));
    });
    t.pipeIn('in', [at('a'), at('b'), at('a')]);
    await t.advance(100);
    expect(read(t).sort()).toEqual(['a=202@1', 'b=101@1']);
    // At a barrier what is gathered passes at once.
    expect(read(t, 'batched')).toEqual(['b=1@1', 'a=1@1']);
    t.pipeIn('in', [at('a')]);
    await t.advance(100);
    expect(read(t)).toEqual(['a=305@1']);
    expect(read(t, 'batched')).toEqual(['a=2@1']);
    await t.stop();
  });

  test('what takes its time below settles in the same unit: a unit is committed once all of it is out', async () => {
    const t = await run(app =>
      app
        .topic('in', text)
        .pipe(
          count(app.state('counts', counts), { emit: 'commit' }),
          mapAsync(async value => {
            await new Promise<void>(resolve => app_clock.schedule(() => resolve(), 50));
            return value;
          }),
          count(app.state('changes', counts), { emit: 'commit' }),
        )
        .subscribe(app.to('out', numbers)),
    );
    const app_clock = t.clock;
    t.pipeIn('in', [at('a'), at('b'), at('a')]);
    await t.advance(120);
    expect([t.committed('in'), read(t)]).toEqual([[-1], []]);
    await t.advance(60);
    expect([t.committed('in'), read(t).sort()]).toEqual([[3], ['a=1@1', 'b=1@1']]);
    await t.stop();
  });

  test('a unit that is dropped hands nothing on that the next does not', async () => {
    const t = await run(counting);
    t.pipeIn('in', [at('a')]);
    await t.advance(100);
    expect(read(t)).toEqual(['a=1@1']);
    t.broker.faults.refuseCommits(1);
    t.pipeIn('in', [at('a'), at('b'), at('a')]);
    for (let i = 0; i < 40; i++) await t.advance(100);
    const seen = read(t);
    // At least once what was written for the unit that was dropped stays, and comes again.
    if (guarantee === 'exactly-once') {
      const values = seen.filter(one => one.startsWith('a')).map(one => one.slice(2, 3));
      expect(values).toEqual([...new Set(values)]);
      expect(seen.filter(one => one.startsWith('b'))).toEqual(['b=1@1']);
    }
    expect(seen).toContain('a=3@1');
    expect(seen.filter(one => /=[4-9]/.test(one))).toEqual([]);
    await t.stop();
  });

  test('it goes on by an internal topic within the unit', async () => {
    const t = await run(app => {
      app
        .topic('in', text)
        .pipe(
          count(app.state('counts', counts), { emit: 'commit' }),
          repartition(app.internal('by-count', { key: string, value: number }), value => `n${value}`),
          count(app.state('keys', counts), { emit: 'commit' }),
        )
        .subscribe(app.to('out', numbers));
    });
    t.pipeIn('in', [at('a'), at('b'), at('a'), at('c'), at('c'), at('c')]);
    await t.idle();
    expect(read(t).sort()).toEqual(['n1=1@1', 'n2=1@1', 'n3=1@1']);
    await t.stop();
  });
});

test('the last unit of a task that goes hands on as well', async () => {
  const t = await testApp(counting);
  t.pipeIn('in', [at('a'), at('b')]);
  await t.stop();
  expect(read(t)).toEqual(['a=1@1', 'b=1@1']);
});

test('a task that goes to another member hands on before, and goes on there', async () => {
  const options = { guarantee: 'exactly-once', commit: { intervalMs: 5_000 } } as const;
  const t = await testApp(counting, { ...options, partitions: 2 });
  const keys = [...'abcdef'];
  t.pipeIn(
    'in',
    keys.map(key => at(key)),
  );
  const driver = memory({ broker: t.broker });
  const other = createApp({ ...options, groupId: 'test', driver, clock: t.clock });
  const isAssigned = firstValueFrom(other.events$.pipe(filter(({ type }) => type === 'assigned')));
  counting(other);
  const running = other.run();
  for (let i = 0; i < 30; i++) await t.advance(100);
  await isAssigned;
  // No interval has passed.
  expect(read(t).sort()).toEqual(keys.map(key => `${key}=1@1`));
  t.pipeIn('in', [at('a'), ...keys.map(key => at(key))]);
  await t.advance(10_000);
  expect(read(t).sort()).toEqual(keys.map(key => `${key}=${key === 'a' ? 3 : 2}@1`));
  void other.stop();
  await t.advance(10_000);
  await running;
  await t.stop();
  expect(read(t)).toEqual([]);
});

test('more than is handed on at once comes whole, in the order of the last changes', async () => {
  const t = await testApp(counting);
  const keys = Array.from({ length: 1_234 }, (_, index) => `k${index}`);
  t.pipeIn(
    'in',
    keys.map(key => at(key)),
  );
  t.pipeIn('in', [at('k7')]);
  await t.idle();
  expect(t.read('out', numbers).map(({ key }) => key)).toEqual([...keys.filter(key => key !== 'k7'), 'k7']);
  await t.stop();
});

test('what came and went between two commits is not told; what goes that was there is', async () => {
  const t = await testApp(app =>
    app
      .topic('in', text)
      .pipe(
        reduce(app.state('texts', text), (a, b) => (b === '!' ? null : a + b), { emit: 'commit' }),
        mapValue(value => value),
      )
      .subscribe(app.to('out', { key: string, value: nullable(string) })),
  );
  const values = () =>
    t.read('out', { key: string, value: nullable(string) }).map(({ key, value }) => `${key}=${value}`);
  t.pipeIn('in', [at('a', 1, 'x'), at('a', 1, '!'), at('b', 1, 'y')]);
  await t.idle();
  expect(values()).toEqual(['b=y']);
  t.pipeIn('in', [at('b', 1, '!'), at('c', 1, 'z'), at('c', 1, '!'), at('c', 1, 'w')]);
  await t.idle();
  expect(values()).toEqual(['b=null', 'c=w']);
  t.pipeIn('in', [at('c', 1, '!'), at('c', 1, 'v')]);
  await t.idle();
  expect(values()).toEqual(['c=v']);
  await t.stop();
});

test.each([
  ['tumbling', tumbling(10, { graceMs: 0 }), ['a@0-10=2', 'a@10-20=1']],
  ['hopping', hopping(10, { advanceMs: 5, graceMs: 0 }), ['a@0-10=2', 'a@5-15=1', 'a@10-20=1']],
  ['sessions', session(5, { graceMs: 0 }), ['a@1-4=2', 'a@12-12=1']],
] as const)('in windows one a key and window: %s', async (_, window, expected) => {
  const t = await testApp(app =>
    app
      .topic('in', text)
      .pipe(
        aggregate(app.state('sums', { key: string, value: ones.codec }), {
          ...ones,
          window: window as unknown as SessionWindows,
          emit: 'commit',
        }),
      )
      .subscribe(app.to('out', printedWindows)),
  );
  t.pipeIn('in', [at('a', 1), at('a', 4), at('a', 12)]);
  await t.idle();
  expect(t.read('out', text).map(({ key, value }) => `${key}=${value}`)).toEqual(expected);
  await t.stop();
});
