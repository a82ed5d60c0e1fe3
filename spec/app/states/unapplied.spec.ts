/** What is committed is put where the states lie in the background. Where that is slow, or fails, the task is held up, and it is told. */
import { type App, isKafkaRxError, KafkaRxError, string } from 'kafka-rx';
import { aggregate } from 'kafka-rx/state';
import type { StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';
import { held, Members } from '../members.js';

const texts = { key: string, value: string };
const mebi = 1024 * 1024;

type Mood = 'quick' | 'slow' | KafkaRxError | Error;

/** A place whose applies do as they are told; `slow`: until it is something else. */
function place() {
  let mood: Mood = 'quick';
  let changed = held();
  const closed: string[] = [];
  const backend: StateBackends = {
    async open(task) {
      const opened = await memoryBackends.open(task);
      const { apply, close } = opened;
      opened.apply = async (...args) => {
        while (mood === 'slow') await changed.promise;
        if (mood instanceof Error) throw mood;
        return apply.apply(opened, args);
      };
      opened.close = () => {
        closed.push(task);
        return close.call(opened);
      };
      return opened;
    },
  };
  const set = (next: Mood): void => {
    mood = next;
    changed.resolve();
    changed = held();
  };
  return { backend, set, closed };
}

/** Keeps the last text of each key, and tells each. */
const keeping =
  (backend: StateBackends) =>
  (app: App): void =>
    void app
      .topic('in', texts)
      .pipe(
        aggregate(app.state('texts', { ...texts, backend }), { initial: () => '', add: (_, text) => text }),
      )
      .subscribe(
        app.to('out', { key: string, value: { ...string, encode: text => Buffer.from(text.slice(0, 3)) } }),
      );

/** So many of half a MiB, each with a key of its own. */
function put(all: Members, records: number): void {
  for (let i = 0; i < records; i++)
    all.broker.publish('in', [{ key: `k${i}`, value: `${i}`.padEnd(mebi / 2, ' ') }]);
}

const diskFull = (retriable: boolean) =>
  new KafkaRxError('STORE', 'Could not write: no room', { retriable, remedy: 'Make room' });

function logging() {
  const lines: string[] = [];
  const note = (_: object, message: string) => void lines.push(message);
  const nothing = () => {};
  return { lines, logger: { debug: nothing, info: nothing, warn: note, error: note } };
}

test('where the place is slow, what waits for it in memory has a bound, and the task is held up', async () => {
  const all = new Members({ in: 1, out: 1 });
  const { backend, set } = place();
  const member = all.start(keeping(backend));
  await all.pass(1_000);
  set('slow');
  put(all, 200);
  await all.pass(20_000);
  const waiting = member.metrics.value('kafka_rx_state_memory_bytes', { task: 'in/0' });
  // What three applies take and one unit has changed, and what was read ahead by then.
  expect(waiting).toBeGreaterThan(40 * mebi);
  expect(waiting).toBeLessThan(80 * mebi);
  expect(all.broker.records('out').length).toBeLessThan(160);
  expect(member.app.health()).toMatchObject({
    ready: true,
    reasons: [expect.stringContaining('the task in/0 waits until what it has committed is put where')],
  });
  set('quick');
  await all.pass(20_000);
  expect(all.broker.records('out')).toHaveLength(200);
  expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
  await all.stop(member);
});

test('where it fails and may be tried again, it is told, nothing more is committed, and it goes on once it is mended', async () => {
  const all = new Members({ in: 1, out: 1 });
  const { backend, set } = place();
  const { lines, logger } = logging();
  const member = all.start(keeping(backend), { logger });
  await all.pass(1_000);
  set(diskFull(true));
  put(all, 40);
  await all.pass(5_000);
  const committed = all.committed('in')[0] ?? 0;
  expect(committed).toBeLessThan(40);
  put(all, 10);
  await all.pass(20_000);
  expect(all.committed('in')).toEqual([committed]);
  expect(lines).toContainEqual(expect.stringContaining('no room: it stays in memory'));
  expect(member.outcome).toBe('running');
  const { ready, reasons } = member.app.health();
  expect(ready).toBe(false);
  expect(reasons).toContainEqual(
    expect.stringMatching(/^the task in\/0 commits no more until .*no room. Make room$/),
  );
  const failed = member.events.flatMap(event => (event.type === 'commit' ? (event.result.error ?? []) : []));
  expect(failed).toContainEqual(expect.objectContaining({ code: 'STORE' }));
  set('quick');
  await all.pass(20_000);
  expect(all.committed('in')).toEqual([50]);
  expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
  await all.stop(member);
});

test.each([
  ['for good', diskFull(false)],
  ['with what is no error of ours', new Error('no room')],
])('where it fails %s, the app fails with STORE', async (_, error) => {
  const all = new Members({ in: 1, out: 1 });
  const { backend, set, closed } = place();
  const member = all.start(keeping(backend));
  await all.pass(1_000);
  set(error);
  put(all, 40);
  await all.pass(20_000);
  expect(isKafkaRxError(member.outcome, 'STORE')).toBe(true);
  // What is open there is given back all the same.
  expect(closed).toEqual(['in/0']);
});

/** Nothing is due for ten minutes. */
async function seldom() {
  const all = new Members({ in: 1, out: 1 });
  const commit = { every: 100_000, intervalMs: 600_000 };
  const bounds = { maxUnsettled: 50_000 };
  const member = all.start(keeping(place().backend), { commit, bounds, stallTimeoutMs: 1_000_000 });
  await all.pass(1_000);
  return { all, member };
}

test('a unit that has changed 5,000 rows is committed, before it is due', async () => {
  const { all, member } = await seldom();
  const records = Array.from({ length: 6_000 }, (_, i) => ({ key: `k${i}`, value: 'x' }));
  all.broker.publish('in', records);
  await all.pass(1_000);
  const [committed] = all.committed('in');
  expect(committed).toBeGreaterThanOrEqual(5_000);
  expect(committed).toBeLessThan(6_000);
  await all.stop(member);
});

test('a unit that has changed 16 MiB of rows is committed, before it is due', async () => {
  const { all, member } = await seldom();
  put(all, 1);
  // How large rows are is known by those of the last unit.
  await all.pass(600_000);
  expect(all.committed('in')).toEqual([1]);
  put(all, 80);
  await all.pass(1_000);
  expect(all.committed('in')[0]).toBeGreaterThan(60);
  expect(all.broker.records('out').length).toBeGreaterThan(80);
  await all.stop(member);
});
