/** What is held back is handed on once, over restarts and dropped units. */
import { number, string } from 'kafka-rx';
import { count, counter, session, suppress, tumbling, type Windowed } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import type { Codec } from '../../../lib/codecs/codec.js';
import { nullable } from '../../../lib/codecs/nullable.js';

/** Such as `a@10`. */
const inWindow: Codec<Windowed<string>> = {
  name: 'inWindow',
  decode: () => {
    throw new Error('only written');
  },
  encode: ({ key, start }) => Buffer.from(`${key}@${start}`),
};

const read = (t: TestApp, topic = 'out') =>
  t
    .read(topic, { key: nullable(string), value: nullable(number) })
    .map(({ key, value }) => `${key}=${value}`);

const at = (key: string | null, timestamp: number, value: unknown = 1) => ({ key, value, timestamp });

const options = { key: string, value: counter().codec };

function finals(app: App): void {
  const window = tumbling(10, { graceMs: 0 });
  app
    .topic('in', { key: string, value: string })
    .pipe(
      count(app.state('counts', options), { window }),
      suppress(app.state('finals', options), { until: 'windowCloses', window }),
    )
    .subscribe(app.to('out', { key: inWindow, value: number }));
}

function calmer(app: App, maxRecords?: number): void {
  app
    .topic('in', { key: nullable(string), value: nullable(number) })
    .pipe(
      suppress(app.state('calmer', { key: nullable(string), value: number }), {
        until: 'timeLimit',
        limitMs: 10,
        maxRecords,
      }),
    )
    .subscribe(app.to('out', { key: nullable(string), value: nullable(number) }));
}

test('each window comes once, when it is closed, also where that is after a restart', async () => {
  const t = await testApp(finals);
  t.pipeIn('in', [at('a', 1), at('b', 2), at('a', 9)]);
  await t.restart();
  expect(read(t)).toEqual([]);
  t.pipeIn('in', [at('c', 10)]);
  await t.idle();
  expect(read(t)).toEqual(['a@0=2', 'b@0=1']);
  await t.restart();
  t.pipeIn('in', [at('c', 25)]);
  await t.idle();
  expect(read(t)).toEqual(['c@10=1']);
  await t.stop();
});

test('what is held back stands beside the rows of the changelog, and is deleted there once it was handed on', async () => {
  const t = await testApp(finals);
  const logged = () => t.read('test-finals-changelog', { key: string, value: nullable(string) });
  t.pipeIn('in', [at('a', 1)]);
  await t.idle();
  const [held, ...rest] = logged();
  expect(held?.key).toMatch(/^\0\0kafka-rx\/.*suppressed/s);
  expect(rest.map(({ key }) => key)).toEqual(['\0\0kafka-rx/cut']);
  t.pipeIn('in', [at('a', 20)]);
  await t.idle();
  const later = logged();
  expect(later.find(({ key }) => key === held?.key)).toMatchObject({ value: null });
  await t.stop();
});

test.each(['at-least-once', 'exactly-once'] as const)(
  '%s: a unit that is dropped hands nothing on twice',
  async guarantee => {
    const t = await testApp(finals, { guarantee, commit: { intervalMs: 100 } });
    t.pipeIn('in', [at('a', 1), at('b', 2)]);
    await t.idle();
    t.broker.faults.refuseCommits(1);
    t.pipeIn('in', [at('a', 3), at('c', 10)]);
    for (let i = 0; i < 20; i++) await t.advance(100);
    t.pipeIn('in', [at('d', 20)]);
    await t.idle();
    // Under at least once an output may come again, and says the same.
    expect([...new Set(read(t))]).toEqual(['a@0=2', 'b@0=1', 'c@10=1']);
    await t.stop();
  },
);

test('until the time limit: the last of a key, a deletion too; a null key is passed over and counted', async () => {
  const t = await testApp(app => calmer(app));
  t.pipeIn('in', [at('a', 0, 1), at('b', 1, 2), at('a', 4, 3), at(null, 5, 9), at('b', 6, null)]);
  await t.restart();
  t.pipeIn('in', [at('c', 11, 4)]);
  await t.idle();
  expect(read(t)).toEqual(['a=3', 'b=null']);
  const dropped = t.metrics.snapshot().get('kafka_rx_records_dropped_total') ?? [];
  expect(dropped.find(({ labels }) => labels['reason'] === 'null-key')?.value).toBe(1);
  await t.stop();
});

test('maxRecords: the oldest are handed on before their time, counted over a restart', async () => {
  const t = await testApp(app => calmer(app, 2));
  t.pipeIn('in', [at('a', 0, 1), at('b', 1, 2)]);
  await t.restart();
  t.pipeIn('in', [at('b', 2, 3), at('c', 3, 4)]);
  await t.idle();
  expect(read(t)).toEqual(['a=1']);
  await t.stop();
});

test('updates of sessions that were handed on go to late', async () => {
  const window = session(5, { graceMs: 0, retentionMs: 1_000 });
  const t = await testApp(app => {
    app
      .topic('in', { key: string, value: string })
      .pipe(
        count(app.state('counts', options), { window }),
        suppress(app.state('finals', options), {
          until: 'windowCloses',
          window,
          late: app.to('late', { key: inWindow, value: nullable(number) }),
        }),
      )
      .subscribe(app.to('out', { key: inWindow, value: number }));
  });
  // A session that ends exactly at the bound is open to its aggregate, and closed here.
  t.pipeIn('in', [at('a', 0), at('b', 5), at('a', 0)]);
  await t.idle();
  expect(read(t)).toEqual(['a@0=1']);
  expect(read(t, 'late')).toEqual(['a@0=2']);
  await t.stop();
});

test.each<readonly [string, (app: App) => unknown, string]>([
  [
    'windows that never close',
    app =>
      suppress(app.state('s', options), {
        until: 'windowCloses',
        window: { kind: 'unlimited', startMs: 0 } as never,
      }),
    'unlimited windows never close',
  ],
  ['no window', app => suppress(app.state('s', options), { until: 'windowCloses' } as never), 'window'],
  ['no limit', app => suppress(app.state('s', options), { until: 'timeLimit' } as never), 'limitMs'],
  ['another end', app => suppress(app.state('s', options), { until: 'later' } as never), 'until'],
  [
    'an option of the other',
    app =>
      suppress(app.state('s', options), {
        until: 'windowCloses',
        window: tumbling(1, { graceMs: 0 }),
        limitMs: 1,
      } as never),
    'limitMs',
  ],
])('%s is refused', async (_, wire, message) => {
  await expect(testApp(app => void wire(app))).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining(message),
  });
});
