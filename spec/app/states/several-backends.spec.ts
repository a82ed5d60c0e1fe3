/** States of one task may lie in several places, which follow each other's cuts: what one remembers of the others is not the truth about them. */
import { number, string } from 'kafka-rx';
import { count, tumbling } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';
import { at, counts, read, text } from '../../operators/state/counted.js';
import { lastingBackends } from './lasting-backends.js';

const final = { window: tumbling(10, { graceMs: 0 }), emit: 'final' } as const;
const out = { key: string, value: number };

/** Each of two states lies where it says by the time of the start. */
function started(
  where: { one?: StateBackends | undefined; other?: StateBackends | undefined },
  guarantee: 'at-least-once' | 'exactly-once' = 'at-least-once',
): Promise<TestApp> {
  return testApp(
    app => {
      const in$ = app.topic('in', text);
      for (const name of ['one', 'other'] as const) {
        const state = app.state(name, { ...counts, backend: where[name] });
        in$.pipe(count(state, final)).subscribe(app.to(name, { ...out, keyBy: () => name }));
      }
    },
    { guarantee },
  );
}

async function takes(t: TestApp, ...timestamps: readonly number[]): Promise<void> {
  t.pipeIn(
    'in',
    timestamps.map(timestamp => at('k', timestamp)),
  );
  await t.idle();
}

async function restarted(t: TestApp): Promise<void> {
  await t.crash();
  await t.restart();
}

describe.each(['at-least-once', 'exactly-once'] as const)(
  'states of one task in two places, %s',
  guarantee => {
    test('are as far as they were after each of several crashes: what is closed stays closed', async () => {
      const elsewhere: StateBackends = { open: task => memoryBackends.open(task) };
      const t = await started({ other: elsewhere }, guarantee);
      await takes(t, 5);
      await restarted(t);
      await takes(t, 15, 25);
      await restarted(t);

      expect([t.streamTime('one'), t.streamTime('other')]).toEqual([25, 25]);
      await takes(t, 5, 16, 45, 55);
      for (const name of ['one', 'other'])
        expect(read(t, name)).toEqual([5, 15, 25, 45].map(time => `${name}=1@${time}`));
      expect(t.metrics.value('kafka_rx_records_dropped_total', { reason: 'late' })).toBe(4);
      await t.stop();
    });

    test('are as far as they were when one comes back to where it lay, beside another that stayed there', async () => {
      const folder = lastingBackends();
      const where: { one?: StateBackends | undefined; other: StateBackends } = { one: folder, other: folder };
      const t = await started(where, guarantee);
      await takes(t, 5);
      where.one = undefined;
      await t.restart();
      await takes(t, 15, 25);
      where.one = folder;
      await t.restart();

      expect(t.streamTime('one')).toBe(25);
      await takes(t, 16, 35);
      expect(read(t, 'one')).toEqual([5, 15, 25].map(time => `one=1@${time}`));
      await t.stop();
    });
  },
);
