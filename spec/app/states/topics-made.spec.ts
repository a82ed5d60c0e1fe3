import { string } from 'kafka-rx';
import { count, counter, repartition, tumbling } from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import { readWindowStoreKey } from '../../../lib/state/window-keys.js';
import { Members } from '../members.js';

const in1997 = Date.UTC(1997, 0, 1);

/** By the broker's clock records of 1997 are too old as soon as they are written. */
test('changelogs and internal topics keep their records, and the times of these, whatever the broker has as its default', async () => {
  const topic = { key: string, value: string };
  const all = new Members({ in: 2 });
  const member = all.start(app => {
    app
      .topic('in', topic)
      .pipe(
        repartition(app.internal('by-value', topic), value => value),
        count(app.state('kept', { key: string, value: counter().codec })),
      )
      .subscribe(app.each(() => {}));
  });
  await all.pass(1_000);
  const times = { 'message.timestamp.type': 'CreateTime' };
  expect(all.broker.configs('group-kept-changelog')).toEqual({
    ...times,
    'cleanup.policy': 'compact',
    'delete.retention.ms': '604800000',
  });
  expect(all.broker.configs('group-by-value-repartition')).toEqual({
    ...times,
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
  });
  await all.stop(member);
});

test('windows that are over are deleted from the changelog by name, by stream time alone', async () => {
  const at = (timestamp: number) => ({ key: 'a', value: 'x', timestamp: in1997 + timestamp });
  const t = await testApp(app => {
    const kept = app.state('kept', { key: string, value: counter().codec });
    app
      .topic('in', { key: string, value: string })
      .pipe(count(kept, { window: tumbling(10, { graceMs: 0, retentionMs: 20 }) }))
      .subscribe(app.each(() => {}));
  });
  const rows = () => {
    const windows = new Map<number, boolean>();
    for (const { key, value } of t.broker.records('test-kept-changelog')) {
      const window = readWindowStoreKey(key ?? Buffer.alloc(0));
      if (`${window?.key}` === 'a') windows.set((window?.start ?? 0) - in1997, value !== null);
    }
    return [...windows].filter(([, isThere]) => isThere).map(([start]) => start);
  };
  t.pipeIn('in', [at(0), at(10)]);
  // However long nothing comes.
  await t.advance(3 * 86_400_000);
  expect(rows()).toEqual([0, 10]);
  t.pipeIn('in', [at(45)]);
  await t.idle();
  expect(rows()).toEqual([40]);
  await t.stop();
});
