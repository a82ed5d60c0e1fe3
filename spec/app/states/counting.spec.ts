/** What is counted by key and window is counted once, over restarts, aborts and crashes. */
import { type Codec, number, string } from 'kafka-rx';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import type { Windowed } from '../../../lib/codecs/windowed.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { aggregate } from '../../../operators/state/aggregate.js';
import { repartition } from '../../../operators/state/repartition.js';

const counting = { initial: () => 0, add: (count: number) => count + 1 };

function counts(app: App): void {
  app
    .topic('in', { key: string, value: string })
    .pipe(aggregate(app.state('counts', { key: string, value: number }), counting))
    .subscribe(app.to('out', { key: string, value: number }));
}

/** Such as `a@10`. */
const inWindow: Codec<Windowed<string>> = {
  name: 'inWindow',
  decode: () => {
    throw new Error('only written');
  },
  encode: ({ key, start }) => Buffer.from(`${key}@${start}`),
};

const out = { key: string, value: number };
const read = (t: TestApp) => t.read('out', out).map(({ key, value }) => `${key}${value}`);
const keys = (text: string) => [...text].map(key => ({ key, value: 'x' }));

test('counts by key, in a changelog that holds each key and the cut', async () => {
  const t = await testApp(counts);
  t.pipeIn('in', keys('abaa'));
  await t.idle();
  expect(read(t)).toEqual(['a1', 'b1', 'a2', 'a3']);
  expect(t.committed('in')).toEqual([4]);
  const logged = t.read('test-counts-changelog', { key: string, value: string }).map(({ key }) => key);
  expect(logged).toEqual(['a', 'b', '\0\0kafka-rx/cut']);
  await t.stop();
});

test('goes on after a restart with what it had', async () => {
  const t = await testApp(counts, { partitions: 3 });
  t.pipeIn('in', keys('abca'));
  await t.restart();
  t.pipeIn('in', keys('cab'));
  await t.idle();
  expect(read(t).sort()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2']);
  await t.restart();
  t.pipeIn('in', keys('a'));
  await t.idle();
  expect(read(t)).toEqual(['a4']);
  await t.stop();
});

test.each(['at-least-once', 'exactly-once'] as const)(
  '%s: a unit that is dropped counts nothing twice',
  async guarantee => {
    const t = await testApp(counts, { guarantee, commit: { intervalMs: 100 } });
    t.pipeIn('in', keys('ab'));
    await t.idle();
    t.broker.faults.refuseCommits(1);
    t.pipeIn('in', keys('aab'));
    for (let i = 0; i < 20; i++) await t.advance(100);
    t.pipeIn('in', keys('b'));
    await t.idle();
    const last = new Map(read(t).map(text => [text[0], text.slice(1)]));
    expect([...last]).toEqual([
      ['a', '3'],
      ['b', '3'],
    ]);
    await t.stop();
  },
);

test('by way of an internal topic, in windows, whose results are final', async () => {
  const t = await testApp(
    app => {
      const byValue = app.internal('by-value', { key: string, value: string });
      app
        .topic('in', { key: string, value: string })
        .pipe(
          repartition(byValue, value => value),
          aggregate(app.state('counts', { key: string, value: number }), {
            ...counting,
            window: tumbling(10, { graceMs: 10 }),
            emit: 'final',
          }),
        )
        .subscribe(app.to('out', { key: inWindow, value: number }));
    },
    { partitions: 2 },
  );
  const at = (text: string, timestamp: number) => {
    return [...text].map((value, i) => ({ key: `${i}`, value, timestamp }));
  };
  t.pipeIn('in', [...at('xyx', 1), ...at('xy', 9), ...at('xxy', 12)]);
  await t.idle();
  // Which of two tasks is first to write into the internal topic is nobody's to say.
  t.pipeIn('in', at('xy', 25));
  await t.idle();
  expect(read(t).sort()).toEqual(['x@03', 'y@02']);
  await t.restart();
  t.pipeIn('in', at('xy', 35));
  await t.idle();
  expect(read(t).sort()).toEqual(['x@102', 'y@101']);
  await t.stop();
});

test('what was read of an internal topic is deleted there', async () => {
  const t = await testApp(app => {
    const byValue = app.internal('by-value', { key: string, value: string });
    app
      .topic('in', { key: string, value: string })
      .pipe(repartition(byValue, value => value))
      .subscribe(app.to('out', { key: string, value: string }));
  });
  t.pipeIn('in', keys('abc'));
  await t.idle();
  const first = () => t.broker.records('test-by-value-repartition').map(({ offset }) => offset);
  expect(first()).toEqual([0, 1, 2]);
  await t.advance(29_000);
  expect(first()).toEqual([0, 1, 2]);
  await t.advance(2_000);
  expect(first()).toEqual([]);
  expect(t.read('out', { value: string }).length).toBe(3);
  await t.stop();
});
