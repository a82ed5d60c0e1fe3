/** A copy of a state that a folder has is gone on with only where its changelog still tells all that has happened since. */
import { number, string } from 'kafka-rx';
import { aggregate, count, type State } from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import { wallMs } from '../../../lib/base/wall-ms.js';
import type { StateBackends } from '../../../lib/state/backend.js';
import { lmdbBackendsOn } from '../../../lib/state/lmdb/lmdb-backends.js';
import { TestedProcess, temporaryFolder } from '../../state/lmdb/lmdb-tested.js';
import { Members } from '../members.js';
import { lastingBackends } from './lasting-backends.js';

const texts = { key: string, value: string };
const counts = { key: string, value: number };
const dayMs = 86_400_000;
const changelog = { topic: 'test-counts-changelog', partition: 0 };

describe('a key that was deleted while a folder was away', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  let backend: StateBackends | undefined;
  let state: State<string, number> | undefined;
  const started = () =>
    testApp(app => {
      state = app.state('counts', { ...counts, backend });
      app
        .topic('in', texts)
        .pipe(
          aggregate(state, {
            initial: () => 0,
            add: (n: number, value) => (value === 'gone' ? null : n + 1),
          }),
        )
        .subscribe(app.watch(() => {}));
    });
  const onDisk = (t: TestApp): StateBackends =>
    lmdbBackendsOn(new TestedProcess({ now: () => wallMs(t.clock) }), folder.path);

  /** Folders take real time. */
  async function until(t: TestApp, holds: () => boolean): Promise<void> {
    for (let i = 0; i < 200 && !holds(); i++) {
      await new Promise(resolve => setTimeout(resolve, 20));
      await t.idle();
    }
    expect(holds()).toBe(true);
  }

  test('is no ghost when it comes back: the tombstone is gone from the changelog by then, and the folder is too old', async () => {
    const t = await started();
    backend = onDisk(t);
    await t.restart();
    t.pipeIn(
      'in',
      [...'aab'].map(key => ({ key, value: 'x' })),
    );
    await until(t, () => t.committed('in')[0] === 3);
    // Elsewhere.
    backend = undefined;
    await t.restart();
    await until(t, () => state?.get('a') === 2);
    t.pipeIn('in', [{ key: 'a', value: 'gone' }]);
    await until(t, () => t.committed('in')[0] === 4);
    await t.advance(8 * dayMs);
    for (const { offset, key } of t.broker.records(changelog.topic))
      if (`${key}` === 'a') t.broker.punchGap(changelog, offset, offset + 1);
    // And back.
    backend = onDisk(t);
    await t.restart();
    await until(t, () => state?.get('b') === 1);
    expect(state?.get('a')).toBeUndefined();
    await t.stop();
  }, 60_000);
});

test('a key that was deleted while its state lay elsewhere is no ghost when that comes back, beside another that had stayed', async () => {
  const folder = lastingBackends();
  let backend: StateBackends | undefined = folder;
  let state: State<string, number> | undefined;
  const t = await testApp(app => {
    state = app.state('counts', { ...counts, backend });
    const in$ = app.topic('in', texts);
    const add = (n: number, value: string) => (value === 'gone' ? null : n + 1);
    in$.pipe(aggregate(state, { initial: () => 0, add })).subscribe(app.watch(() => {}));
    in$.pipe(count(app.state('stays', { ...counts, backend: folder }))).subscribe(app.watch(() => {}));
  });
  const takes = async (key: string, value = 'x'): Promise<void> => {
    t.pipeIn('in', [{ key, value }]);
    await t.idle();
  };
  await takes('a');
  await takes('b');
  backend = undefined;
  await t.restart();
  await takes('a', 'gone');
  for (let day = 0; day < 8; day++) {
    await t.advance(dayMs);
    await takes('c');
  }
  for (const { offset, key } of t.broker.records(changelog.topic))
    if (`${key}` === 'a') t.broker.punchGap(changelog, offset, offset + 1);
  backend = folder;
  await t.restart();
  expect(['a', 'b', 'c'].map(key => state?.get(key))).toEqual([undefined, 1, 8]);
  await t.stop();
});

test.each([
  [
    'was deleted, and made anew at the start',
    (all: Members) => all.broker.deleteTopic('group-counts-changelog'),
  ],
  [
    'has lost its end, as of a leader that was elected without it',
    (all: Members) => all.broker.truncate({ topic: 'group-counts-changelog', partition: 0 }, 2),
  ],
  [
    'begins behind where the copy ends',
    (all: Members) => {
      const { broker } = all;
      broker.publish('group-counts-changelog', [{ key: 'z', value: 'x' }]);
      const end = broker.records('group-counts-changelog').at(-1)?.offset ?? 0;
      broker.deleteRecords({ topic: 'group-counts-changelog', partition: 0 }, end + 1);
    },
  ],
])('a changelog that %s fails the app by name, and nothing is counted', async (_, lose) => {
  const all = new Members({ in: 1, out: 1 });
  const backend = lastingBackends();
  const start = () =>
    all.start(
      app =>
        void app
          .topic('in', texts)
          .pipe(count(app.state('counts', { ...counts, backend })))
          .subscribe(app.to('out', counts)),
    );
  const first = start();
  all.broker.publish(
    'in',
    [...'aab'].map(key => ({ key, value: 'x' })),
  );
  await all.pass(2_000);
  await all.stop(first);
  const before = all.values('out').length;
  lose(all);
  all.broker.publish('in', [{ key: 'a', value: 'x' }]);
  const next = start();
  await all.pass(5_000);
  expect(next.outcome).toMatchObject({
    code: 'CHANGELOG_LOST',
    at: { topic: 'group-counts-changelog', partition: 0 },
    remedy: expect.stringContaining('Reset the group'),
  });
  expect(all.values('out')).toHaveLength(before);
});
