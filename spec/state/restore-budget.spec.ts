/** However many changelogs are restored at once, and however large their rows, what is held of them in memory has a bound. */
import { setImmediate as turn } from 'node:timers/promises';
import { string } from 'kafka-rx';
import { aggregate } from 'kafka-rx/state';
import type { App } from '../../lib/app/interface.js';
import type { StateBackends } from '../../lib/state/backend.js';
import { memoryBackends } from '../../lib/state/memory-backend.js';
import { RestoreBudget } from '../../lib/state/restore-budget.js';
import type { State } from '../../lib/state/state.js';
import { driverWithReaders } from '../app/driver-with.js';
import { Members } from '../app/members.js';

const [mebi, changelog] = [1024 * 1024, 'group-texts-changelog'];
const texts = { key: string, value: string };

/** Keeps the last text of each key. */
function keeping(backend?: StateBackends) {
  let state: State<string, string> | undefined;
  const topology = (app: App): void => {
    state = app.state('texts', { ...texts, backend });
    app
      .topic('in', texts)
      .pipe(aggregate(state, { initial: () => '', add: (_, text) => text }))
      .subscribe(app.each(() => {}));
  };
  return { topology, get: (key: string) => state?.get(key) };
}

/** Rows of this size, in a changelog that is there before the app is. */
function withRows(all: Members, rows: number, bytes: number): void {
  for (let i = 0; i < rows; i++)
    all.broker.publish(changelog, [{ key: `k${i}`, value: `${i} `.padEnd(bytes, 'x'), partition: 0 }]);
}

test('what is taken in at once is bounded by bytes', async () => {
  const all = new Members({ in: 1, [changelog]: 1 });
  const [rows, bytes] = [60, 200_000];
  withRows(all, rows, bytes);
  const taken: number[] = [];
  const backend: StateBackends = {
    async open(task) {
      const opened = await memoryBackends.open(task);
      const restore = opened.restore.bind(opened);
      opened.restore = (changes, restored) => {
        const sizes = [...changes.values()].flat().map(([, row]) => row?.length ?? 0);
        taken.push(sizes.reduce((sum, size) => sum + size, 0));
        return restore(changes, restored);
      };
      return opened;
    },
  };
  const { topology, get } = keeping(backend);
  const member = all.start(topology);
  await all.pass(1_000);
  expect(Math.max(...taken)).toBeLessThan(4 * mebi + 2 * bytes);
  expect(taken.length).toBeLessThan(10);
  expect([0, 21, rows - 1].map(i => get(`k${i}`)?.split(' ')[0])).toEqual(['0', '21', '59']);
  await all.stop(member);
});

test('so many changelogs are read at once as there is room for, and the others then', async () => {
  const partitions = 40;
  const all = new Members({ in: partitions });
  let [now, most, ever] = [0, 0, 0];
  const driver = driverWithReaders(all, open => options => {
    const found = open(options);
    ever++;
    most = Math.max(most, ++now);
    const close = async () => {
      now--;
      await found.close();
    };
    return { next: () => found.next(), close };
  });
  const member = all.start(keeping().topology, { driver });
  await all.pass(1_000);
  expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
  expect({ now, most, ever }).toEqual({ now: 0, most: 10, ever: partitions });
  await all.stop(member);
});

test('who waits for room gets it in the order of asking, also the one that wants much', async () => {
  const budget = new RestoreBudget(10);
  const had: string[] = [];
  const take = async (name: string, bytes: number) => {
    const giveBack = await budget.take(bytes);
    had.push(name);
    return giveBack;
  };
  const first = await take('first', 6);
  const [large, small] = [take('large', 8), take('small', 2)];
  await turn();
  expect(had).toEqual(['first']);
  first();
  await turn();
  expect(had).toEqual(['first', 'large', 'small']);
  (await large)();
  (await small)();
  expect(await Promise.race([take('all', 10), turn('none')])).toEqual(expect.any(Function));
});
