/** No record of a changelog is dated ahead of the clock, whatever its row is of: brokers refuse what is an hour ahead, and the unit with it. */
import { number, string } from 'kafka-rx';
import { count, counter, suppress, tumbling, withState } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import { printedWindows } from '../../operators/state/printed-windows.js';

const startAt = Date.UTC(2024, 0, 1);
const dayMs = 86_400_000;
const text = { key: string, value: string };
const counts = { key: string, value: counter().codec };
const window = tumbling(60_000, { graceMs: dayMs });

function topology(app: App): void {
  const in$ = app.topic('in', text);
  in$
    .pipe(
      withState<string, string, number, string>(
        app.state('timed', { key: string, value: number }),
        (_record, own) => {
          own.set(1);
          own.timers.set(startAt + 2 * dayMs, 'stream');
          own.timers.set(startAt + 3 * dayMs, 'wall', { time: 'wall' });
        },
        { onTimer: (_key, due, name) => `${name} ${due - startAt}` },
      ),
    )
    .subscribe(app.to('fired', text));
  in$
    .pipe(count(app.state('held', counts), { emit: { everyMs: dayMs } }))
    .subscribe(app.to('now-and-then', { key: string, value: counter().codec }));
  in$
    .pipe(
      count(app.state('windows', counts), { window }),
      suppress(app.state('finals', counts), { until: 'windowCloses', window }),
    )
    .subscribe(app.to('out', printedWindows));
}

function changelogs(t: TestApp) {
  return ['timed', 'held', 'windows', 'finals'].flatMap(state =>
    t.broker.records(`test-${state}-changelog`).map(record => ({ state, ...record })),
  );
}

test('rows of timers, of what is held back and of records that are dated ahead are dated by the clock', async () => {
  const t = await testApp(topology, { commit: { intervalMs: 100 } });
  t.pipeIn('in', [{ key: 'a', value: 'x', timestamp: startAt + dayMs }]);
  await t.advance(1_000);
  const written = changelogs(t);
  expect(new Set(written.map(({ state }) => state)).size).toBe(4);
  expect(written.filter(({ timestamp }) => timestamp > t.clock.now())).toEqual([]);
  await t.stop();
});

test('what they are dated themselves is there again after a restart', async () => {
  const t = await testApp(topology, { commit: { intervalMs: 100 } });
  const at = startAt + dayMs;
  t.pipeIn('in', [{ key: 'a', value: 'x', timestamp: at }]);
  await t.restart();
  t.pipeIn('in', [
    { key: 'a', value: 'x', timestamp: at - 1 },
    { key: 'b', value: 'x', timestamp: at + 3 * dayMs },
  ]);
  await t.advance(4 * dayMs);
  const later = { ...text, value: counter().codec };
  expect(t.read('now-and-then', later)).toMatchObject([
    { key: 'a', value: 2, timestamp: at },
    { key: 'b', value: 1 },
  ]);
  expect(t.read('out', text)).toMatchObject([
    { key: expect.stringMatching(/^a@/), value: '1', timestamp: at - 1 },
    { key: expect.stringMatching(/^a@/), value: '1', timestamp: at },
  ]);
  expect(t.read('fired', text).map(({ key, value }) => `${key} ${value}`)).toEqual([
    `a stream ${2 * dayMs}`,
    `b stream ${2 * dayMs}`,
    `a wall ${3 * dayMs}`,
    `b wall ${3 * dayMs}`,
  ]);
  await t.stop();
});

test('a row that is dated before the clock is dated as it was, without a word of it', async () => {
  const t = await testApp(topology, { commit: { intervalMs: 100 } });
  t.pipeIn('in', [{ key: 'a', value: 'x', timestamp: 5 }]);
  await t.advance(1_000);
  const [row] = t.broker.records('test-windows-changelog');
  expect(row).toMatchObject({ timestamp: 5, headers: [] });
  await t.stop();
});
