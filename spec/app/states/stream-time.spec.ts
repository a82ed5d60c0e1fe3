/** Each state has a stream time of its own: what reaches others, or nobody, closes none of its windows. */
import { type KafkaRecord, nullable, number, string } from 'kafka-rx';
import { filterValue } from 'kafka-rx/operators';
import { count, tumbling, windowed } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };
const dayMs = 86_400_000;
const [in1997, in2026, in2100] = [Date.UTC(1997, 0, 1), Date.UTC(2026, 0, 1), Date.UTC(2100, 0, 1)];
const byDay = { key: windowed(string, { sizeMs: dayMs }), value: number };

const at = (timestamp: number, value = 'x') => ({ key: 'a', value, timestamp });
const days = (t: TestApp, topic: string) =>
  t
    .read(topic, byDay)
    .map(({ key: { start }, value }) => [new Date(start).toISOString().slice(0, 10), value]);

/** Days of what a topic holds; what comes too late is noted. */
function counted<K = string>(app: App, late: number[] = []) {
  return {
    window: tumbling(dayMs, { graceMs: 0 }),
    emit: 'final',
    late: app.each(({ timestamp }: KafkaRecord<K, string>) => void late.push(timestamp)),
  } as const;
}

test('a table of today beside purchases of 1997, in one task: no purchase is late', async () => {
  const late: number[] = [];
  const t = await testApp(
    app => {
      app
        .topic('purchases', texts)
        .pipe(count(app.state('days', counts), counted(app, late)))
        .subscribe(app.to('by-day', byDay));
      app
        .topic('customers', texts)
        .pipe(count(app.state('customers', counts), counted(app)))
        .subscribe(app.to('seen', byDay));
    },
    { coPartitioned: [['purchases', 'customers']] },
  );
  t.pipeIn('customers', [at(in2026)]);
  t.pipeIn('purchases', [at(in1997), at(in1997 + 1), at(in1997 + dayMs)]);
  await t.idle();
  expect([late, days(t, 'by-day')]).toEqual([[], [['1997-01-01', 2]]]);
  expect([t.streamTime('days'), t.streamTime('customers')]).toEqual([in1997 + dayMs, in2026]);
  await t.restart();
  t.pipeIn('customers', [at(in2026 + dayMs)]);
  t.pipeIn('purchases', [at(in1997 + dayMs), at(in1997 + 2 * dayMs)]);
  await t.idle();
  expect([late, days(t, 'by-day')]).toEqual([[], [['1997-01-02', 2]]]);
  await t.stop();
});

test('what a filter before the window drops closes nothing, and windows behind different filters go by their own', async () => {
  const late: number[] = [];
  const t = await testApp(app => {
    const in$ = app.topic('in', texts);
    for (const one of ['x', 'y'])
      in$
        .pipe(
          filterValue(value => value === one),
          count(app.state(one, counts), counted(app, late)),
        )
        .subscribe(app.to(`days-${one}`, byDay));
  });
  t.pipeIn('in', [at(in1997), at(in2026, 'dropped'), at(in2026, 'y'), at(in1997), at(in1997 + dayMs)]);
  await t.idle();
  expect([late, days(t, 'days-x'), days(t, 'days-y')]).toEqual([[], [['1997-01-01', 2]], []]);
  await t.stop();
});

test('a record without a key, which is passed over, closes nothing', async () => {
  const t = await testApp(app => {
    app
      .topic('in', { key: nullable(string), value: string })
      .pipe(count(app.state('days', { key: nullable(string), value: number }), counted<string | null>(app)))
      .subscribe(app.to('by-day', { key: windowed(nullable(string), { sizeMs: dayMs }), value: number }));
  });
  t.pipeIn('in', [at(in1997), { ...at(in2026), key: null }, at(in1997), at(in1997 + dayMs)]);
  await t.idle();
  expect(days(t, 'by-day')).toEqual([['1997-01-01', 2]]);
  await t.stop();
});

describe('a record of the year 2100', () => {
  async function poisoned(maxAheadMs?: number) {
    const late: number[] = [];
    const t = await testApp(app => {
      app
        .topic('in', { ...texts, maxAheadMs, onDecodeError: 'skip' })
        .pipe(count(app.state('days', counts), counted(app, late)))
        .subscribe(app.to('by-day', byDay));
    });
    // It begins with 1970.
    await t.advance(2 * dayMs);
    t.pipeIn('in', [at(0), at(in2100), at(1), at(dayMs)]);
    await t.idle();
    return { t, late };
  }

  test('is a decode problem where it is further ahead than maxAheadMs, and no other is late for it', async () => {
    const { t, late } = await poisoned(3_600_000);
    expect([late, days(t, 'by-day')]).toEqual([[], [['1970-01-01', 2]]]);
    expect(t.streamTime('days')).toBe(dayMs);
    await t.stop();
  });

  test('makes all others late where nothing is said, over a restart too, and each is told', async () => {
    const { t, late } = await poisoned();
    expect(late).toEqual([1, dayMs]);
    await t.restart();
    t.pipeIn('in', [at(2 * dayMs)]);
    await t.idle();
    expect(late.slice(2)).toEqual([2 * dayMs]);
    await t.stop();
  });
});

test.each(['updates', 'final'] as const)(
  'results have the largest timestamp of their records and not the end of their window, which may be hours ahead: %s',
  async emit => {
    const t = await testApp(app => {
      app
        .topic('in', texts)
        .pipe(count(app.state('days', counts), { ...counted(app), emit }))
        .subscribe(app.to('by-day', byDay));
    });
    t.pipeIn('in', [at(in1997 + 5), at(in1997 + 3), at(in1997 + dayMs)]);
    await t.idle();
    const times = t.read('by-day', byDay).map(({ timestamp }) => timestamp - in1997);
    expect(times).toEqual(emit === 'final' ? [5] : [5, 5, dayMs]);
    await t.stop();
  },
);
