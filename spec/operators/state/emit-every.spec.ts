/** `emit: { everyMs }`: at most one result a key in a stretch of the app's time, neither lost nor repeated over restarts. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { nullable, number, string } from 'kafka-rx';
import { lmdbBackend } from 'kafka-rx/lmdb';
import {
  aggregate,
  cogroup,
  count,
  reduce,
  type SessionWindows,
  session,
  sliding,
  sum,
  tumbling,
  unlimited,
} from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import { at, counts, numbers, read, text } from './counted.js';
import { printedWindows } from './printed-windows.js';

const everyMs = 1_000;
const commit = { intervalMs: 100 };

function counting(app: App): void {
  app
    .topic('in', text)
    .pipe(count(app.state('counts', counts), { emit: { everyMs } }))
    .subscribe(app.to('out', numbers));
}

test('the last of each key comes so long after the first that was held back', async () => {
  const t = await testApp(counting, { commit });
  t.pipeIn('in', [at('b', 3), at('a', 5)]);
  await t.advance(400);
  t.pipeIn('in', [at('c', 3), at('a', 4)]);
  await t.advance(599);
  expect(read(t)).toEqual([]);
  await t.advance(1);
  expect(read(t)).toEqual(['a=2@5', 'b=1@3']);
  await t.advance(400);
  expect(read(t)).toEqual(['c=1@3']);
  await t.advance(5_000);
  expect(read(t)).toEqual([]);
  await t.stop();
});

/** A disk takes time of its own. */
async function committed(t: TestApp, offset: number): Promise<void> {
  for (let turns = 0; t.committed('in')[0] !== offset && turns < 2_000; turns++) {
    await t.idle();
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}

test.each(['memory', 'lmdb'])('what is held back is there again after a restart: %s', async where => {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-rx-emit-every-'));
  const backend = where === 'lmdb' ? lmdbBackend(folder) : undefined;
  // Closing a disk takes virtual time, of seconds.
  const dayMs = 86_400_000;
  const t = await testApp(
    app =>
      app
        .topic('in', text)
        .pipe(count(app.state('counts', { ...counts, backend }), { emit: { everyMs: dayMs } }))
        .subscribe(app.to('out', numbers)),
    { commit },
  );
  t.pipeIn('in', [at('a'), at('b')]);
  await t.idle();
  await t.restart();
  await t.idle();
  expect(read(t)).toEqual([]);
  t.pipeIn('in', [at('a')]);
  await committed(t, 3);
  await t.advance(dayMs - 1_000_000);
  expect(read(t)).toEqual([]);
  await t.advance(1_000_000);
  expect(read(t)).toEqual(['a=2@1', 'b=1@1']);
  await t.restart();
  t.pipeIn('in', [at('c')]);
  await committed(t, 4);
  await t.advance(3 * dayMs);
  expect(read(t)).toEqual(['c=1@1']);
  await t.stop();
  rmSync(folder, { recursive: true });
});

test('a unit that is dropped hands nothing on, and what it held back comes with its records', async () => {
  const t = await testApp(counting, { commit, guarantee: 'exactly-once' });
  t.pipeIn('in', [at('a')]);
  await t.idle();
  t.broker.faults.refuseCommits(1);
  await t.advance(everyMs);
  for (let i = 0; i < 40; i++) await t.advance(100);
  expect(read(t)).toEqual(['a=1@1']);
  await t.stop();
});

test('what came and went meanwhile is not told; what goes that was told is', async () => {
  const t = await testApp(
    app =>
      app
        .topic('in', text)
        .pipe(reduce(app.state('texts', text), (a, b) => (b === '!' ? null : a + b), { emit: { everyMs } }))
        .subscribe(app.to('out', { key: string, value: nullable(string) })),
    { commit },
  );
  const values = () =>
    t.read('out', { key: string, value: nullable(string) }).map(({ key, value }) => `${key}=${value}`);
  t.pipeIn('in', [at('a', 1, 'x'), at('b', 1, 'y'), at('a', 1, '!')]);
  await t.advance(everyMs);
  expect(values()).toEqual(['b=y']);
  t.pipeIn('in', [at('b', 1, '!'), at('c', 1, 'z')]);
  await t.advance(everyMs);
  expect(values()).toEqual(['b=null', 'c=z']);
  await t.stop();
});

test.each([
  ['tumbling', tumbling(10, { graceMs: 0 }), ['a@0-10=2', 'a@10-20=1']],
  ['sliding', sliding(10, { graceMs: 0 }), ['a@0-10=2', 'a@2-12=2', 'a@5-15=1']],
  ['sessions', session(5, { graceMs: 0 }), ['a@12-12=1', 'a@1-4=2']],
  ['unlimited', unlimited(), ['a@0-Infinity=3']],
] as const)('in windows one a key and window: %s', async (_, window, expected) => {
  const ones = sum(() => 1);
  const t = await testApp(
    app =>
      app
        .topic('in', text)
        .pipe(
          aggregate(app.state('sums', { key: string, value: ones.codec }), {
            ...ones,
            window: window as unknown as SessionWindows,
            emit: { everyMs },
          }),
        )
        .subscribe(app.to('out', printedWindows)),
    { commit },
  );
  t.pipeIn('in', [at('a', 1), at('a', 4), at('a', 12)]);
  await t.advance(everyMs);
  expect(
    t
      .read('out', text)
      .map(({ key, value }) => `${key}=${value}`)
      .sort(),
  ).toEqual([...expected].sort());
  await t.stop();
});

test('two streams of a cogroup are held back as one', async () => {
  const t = await testApp(
    app =>
      cogroup(
        app.state('sums', { key: string, value: number }),
        [
          [app.topic('in', text), all => all + 100],
          [app.topic('other', text), all => all + 1],
        ],
        { initial: () => 0, emit: { everyMs } },
      ).subscribe(app.to('out', numbers)),
    { commit },
  );
  t.pipeIn('in', [at('a')]);
  t.pipeIn('other', [at('a')]);
  await t.advance(2 * everyMs);
  expect(read(t)).toEqual(['a=101@1']);
  await t.stop();
});

/** Each key by itself: the first change opens a stretch, at whose end the last value comes. */
class Model {
  readonly out: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #dues = new Map<string, number>();
  #now = 0;

  take(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (!this.#dues.has(key)) this.#dues.set(key, this.#now + everyMs);
  }

  advance(ms: number): void {
    const to = this.#now + ms;
    const due = [...this.#dues].filter(([, when]) => when <= to);
    due.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
    for (const [key] of due) {
      this.#dues.delete(key);
      this.out.push(`${key}=${this.#counts.get(key)}@1`);
    }
    this.#now = to;
  }
}

test('any records, times and restarts: what comes is what a plain model says', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 25 }).map(n => n * 100) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 14 }),
      fc.constantFrom('at-least-once' as const, 'exactly-once' as const),
      async (steps, guarantee) => {
        const model = new Model();
        const t = await testApp(counting, { commit, guarantee });
        const seen: string[] = [];
        for (const one of [...steps, 2 * everyMs]) {
          if (one === 'restart') await t.restart();
          else if (typeof one === 'number') {
            await t.advance(one);
            model.advance(one);
          } else {
            t.pipeIn(
              'in',
              one.map(key => at(key)),
            );
            for (const key of one) model.take(key);
          }
          await t.idle();
          seen.push(...read(t));
        }
        await t.stop();
        expect([...seen, ...read(t)]).toEqual(model.out);
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
