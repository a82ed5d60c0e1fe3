/** Which tasks are being restored, how far that is, and what the metrics say of states. */
import { nullable, number, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { count, tumbling } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import type { LifecycleEvent } from '../../../lib/app/lifecycle/events.js';
import type { StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';
import { repartition } from '../../../operators/state/repartition.js';
import { held, Members } from '../members.js';

const topic = { key: string, value: string };
const keys = (text: string) => [...text].map(key => ({ key, value: 'x', timestamp: 0 }));

/** Counts, into a memory that takes in what is restored when it is told to. */
function restoring() {
  const gate = held();
  const events: LifecycleEvent[] = [];
  let holding: 'open' | 'restore' | undefined;
  const backend: StateBackends = {
    async open(task) {
      if (holding === 'open') await gate.promise;
      const memory = await memoryBackends.open(task);
      const restore = memory.restore.bind(memory);
      memory.restore = async (...args) => {
        if (holding === 'restore') await gate.promise;
        return restore(...args);
      };
      return memory;
    },
  };
  const topology = (app: App): void => {
    app.events$.subscribe(event => events.push(event));
    app
      .topic('in', topic)
      .pipe(count(app.state('counts', { key: string, value: number, backend })))
      .subscribe(app.each(() => {}));
  };
  const hold = (step: typeof holding) => {
    holding = step;
  };
  return { topology, hold, goOn: () => gate.resolve(), events };
}

test('a task that is being restored is told, keeps the app from being ready, and is gone when it is through', async () => {
  const { topology, hold, goOn, events } = restoring();
  const t = await testApp(topology);
  t.pipeIn('in', keys('abc'));
  await t.idle();
  expect(t.app.health()).toMatchObject({ ready: true, reasons: [] });
  hold('restore');
  await t.restart();
  const { ready, live, reasons } = t.app.health();
  expect({ ready, live }).toEqual({ ready: false, live: true });
  expect(reasons).toEqual([
    expect.stringMatching(
      /^the task in\/0 restores the state 'counts' of test-counts-changelog: 5 of 5 offsets, \d+ a second, 0 s to go$/,
    ),
  ]);
  const offsets = (name: string) => t.metrics.value(name, { state: 'counts', partition: '0' });
  expect(offsets('kafka_rx_restore_have_offsets')).toBe(5);
  expect(offsets('kafka_rx_restore_need_offsets')).toBe(0);
  goOn();
  await t.idle();
  expect(t.app.health()).toMatchObject({ ready: true, reasons: [] });
  expect(t.metrics.snapshot().get('kafka_rx_restore_have_offsets')).toEqual([]);
  expect(events.filter(({ type }) => type === 'restoring')).toMatchObject([
    { task: 'in/0', state: 'counts', partition: 0, have: 5, need: 0, etaMs: 0 },
  ]);
  await t.stop();
});

test('a restore that has not begun to read is told too', async () => {
  const { topology, hold, goOn } = restoring();
  const t = await testApp(topology);
  hold('open');
  await t.restart();
  expect(t.app.health()).toMatchObject({
    ready: false,
    reasons: ['the task in/0 is about to restore its states'],
  });
  goOn();
  await t.idle();
  expect(t.app.health()).toMatchObject({ ready: true, reasons: [] });
  await t.stop();
});

test('a task that reads an internal topic is not ready before it is known how far the writers are', async () => {
  const all = new Members({ in: 1 });
  const known = held();
  const driver = memory({ broker: all.broker });
  const connect = driver.connect.bind(driver);
  driver.connect = async context => {
    const connection = await connect(context);
    const { commits } = connection.admin;
    const whenKnown: typeof commits = async (...asked) => {
      await known.promise;
      return commits(...asked);
    };
    Object.assign(connection.admin, { commits: whenKnown });
    return connection;
  };
  const member = all.start(
    app =>
      app
        .topic('in', topic)
        .pipe(
          repartition(app.internal('again', topic), key => key),
          count(app.state('counts', { key: string, value: number })),
        )
        .subscribe(app.each(() => {})),
    { driver },
  );
  await all.pass(1_000);
  const { ready, reasons } = member.app.health();
  expect({ ready, reasons }).toEqual({
    ready: false,
    reasons: [expect.stringMatching(/^the task group-again-repartition\/0 .*restore/)],
  });
  known.resolve();
  await all.pass(1_000);
  expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
  await all.stop(member);
});

const gauges = (t: TestApp, names: readonly string[]) =>
  Object.fromEntries(names.map(name => [name, t.metrics.value(`kafka_rx_${name}`)]));

test('rows, what was changed since the last barrier, units and rows of changelogs are measured', async () => {
  const t = await testApp(
    app =>
      app
        .topic('in', topic)
        .pipe(count(app.state('counts', { key: string, value: number })))
        .subscribe(app.each(() => {})),
    { partitions: 2 },
  );
  const names = ['state_rows', 'state_dirty_rows', 'state_units_total', 'changelog_rows_total'];
  t.pipeIn('in', [
    ...keys('aba').map(record => ({ ...record, partition: 0 })),
    ...keys('c').map(record => ({ ...record, partition: 1 })),
  ]);
  expect(gauges(t, names)).toEqual({
    state_rows: 0,
    state_dirty_rows: 3,
    state_units_total: 0,
    changelog_rows_total: 0,
  });
  expect(t.metrics.value('kafka_rx_state_memory_bytes', { task: 'in/0' })).toBeGreaterThan(0);
  await t.idle();
  expect(gauges(t, names)).toEqual({
    state_rows: 3,
    state_dirty_rows: 0,
    state_units_total: 2,
    changelog_rows_total: 3,
  });
  expect(t.metrics.snapshot().get('kafka_rx_state_backend_bytes')).toEqual([]);
  await t.stop();
  expect(t.metrics.snapshot().get('kafka_rx_state_rows')).toEqual([]);
});

test('what is not taken is counted by its reason', async () => {
  const t = await testApp(app =>
    app
      .topic('in', { ...topic, key: nullable(string) })
      .pipe(
        count(app.state('counts', { key: nullable(string), value: number }), {
          window: tumbling(10, { graceMs: 0 }),
        }),
      )
      .subscribe(app.each(() => {})),
  );
  t.pipeIn('in', [
    { key: 'a', value: 'x', timestamp: 100 },
    { key: 'a', value: 'x', timestamp: 5 },
    { key: null, value: 'x', timestamp: 100 },
  ]);
  await t.idle();
  const dropped = (reason: string) => t.metrics.value('kafka_rx_records_dropped_total', { reason });
  expect([dropped('late') + dropped('expired'), dropped('null-key')]).toEqual([1, 1]);
  await t.stop();
});
