/** A reset that is cut off at any step leaves nothing that an app goes on with silently. */
import { number, string } from 'kafka-rx';
import type { App } from '../../../lib/app/interface.js';
import { resetGroup } from '../../../lib/app/reset-group.js';
import type { DriverAdmin } from '../../../lib/drivers/port.js';
import type { StateBackends } from '../../../lib/state/backend.js';
import { count } from '../../../operators/state/count.js';
import { repartition } from '../../../operators/state/repartition.js';
import { but } from '../but.js';
import { driverWith } from '../driver-with.js';
import { Members } from '../members.js';
import { lastingBackends } from './lasting-backends.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };

const direct = (app: App, backend?: StateBackends): void =>
  void app
    .topic('in', texts)
    .pipe(count(app.state('counts', { ...counts, backend })))
    .subscribe(app.to('out', counts));

const around = (app: App, backend?: StateBackends): void =>
  void app
    .topic('in', texts)
    .pipe(
      repartition(app.internal('by-value', texts), value => value),
      count(app.state('counts', { ...counts, backend })),
    )
    .subscribe(app.to('out', counts));

const results = (all: Members) =>
  all.broker
    .records('out')
    .map(({ key, value }) => `${key}${value}`)
    .sort();

class Killed extends Error {}

/** Counts, is reset up to a step of it, and starts again: what became of it, and what it then wrote. */
async function resetUpTo(
  step: string,
  topology: (app: App, backend?: StateBackends) => void,
): Promise<{ readonly outcome: unknown; readonly written: readonly string[] }> {
  const all = new Members({ in: 1, out: 1 });
  const backend = lastingBackends();
  const first = all.start(app => topology(app, backend));
  all.broker.publish(
    'in',
    [...'xyx'].map(key => ({ key, value: key })),
  );
  await all.pass(2_000);
  await all.stop(first);
  const before = results(all);
  expect(before).toEqual(['x1', 'x2', 'y1']);
  let done = '';
  const stopping =
    <A extends unknown[]>(name: string, call: (...args: A) => Promise<void>) =>
    async (...args: A): Promise<void> => {
      if (done === step) throw new Killed();
      await call(...args);
      done = name === 'deleted' && String(args[0]).includes('repartition') ? 'internal deleted' : name;
    };
  const driver = driverWith(all, ({ admin }) => ({
    admin: but(admin, {
      resetOffsets: stopping(
        'offsets',
        (group: string, offsets: Parameters<DriverAdmin['resetOffsets']>[1]) =>
          admin.resetOffsets(group, offsets),
      ),
      deleteTopics: stopping('deleted', (names: readonly string[]) => admin.deleteTopics(names)),
    }),
  }));
  const clearing: StateBackends = { ...backend, clear: stopping('cleared', async () => backend.clear?.()) };
  const reset = resetGroup({
    driver,
    groupId: 'group',
    topics: ['in'],
    to: 'earliest',
    states: ['counts'],
    internal: topology === around ? ['by-value'] : [],
    backends: [clearing],
  });
  const ended = reset.then(
    () => 'whole',
    error => error,
  );
  await all.pass(20_000);
  expect(await ended).toEqual(step === 'cleared' ? 'whole' : expect.any(Error));
  const next = all.start(app => topology(app, backend));
  await all.pass(5_000);
  const { outcome } = next;
  if (outcome === 'running') await all.stop(next);
  return { outcome, written: results(all) };
}

const once = ['x1', 'x2', 'y1'];
const twice = ['x1', 'x1', 'x2', 'x2', 'y1', 'y1'];

test('a restart over what outlives it goes on with its cut', async () => {
  const all = new Members({ in: 1, out: 1 });
  const backend = lastingBackends();
  for (const key of 'aab') {
    const member = all.start(app => direct(app, backend));
    all.broker.publish('in', [{ key, value: 'x' }]);
    await all.pass(2_000);
    await all.stop(member);
  }
  expect(results(all)).toEqual(['a1', 'a2', 'b1']);
});

test.each([
  ['directly', 'offsets', direct, 'CUT_MISSING'],
  ['directly', 'deleted', direct, 'CHANGELOG_LOST'],
  ['directly', 'cleared', direct, undefined],
  ['around', 'offsets', around, 'CUT_MISSING'],
  ['around', 'deleted', around, 'CHANGELOG_LOST'],
  ['around', 'internal deleted', around, 'CHANGELOG_LOST'],
  ['around', 'cleared', around, undefined],
])('%s, cut off when this was done: %s', async (_, step, topology, code) => {
  const { outcome, written } = await resetUpTo(step, topology);
  if (code === undefined) {
    expect(outcome).toBe('running');
    expect(written).toEqual(twice);
    return;
  }
  expect(outcome).toMatchObject({
    code,
    remedy: expect.stringMatching(/^Reset the group by resetGroup .*states, internal/),
  });
  expect(written).toEqual(once);
});
