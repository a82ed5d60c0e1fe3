/** Values of older versions are read by way of `upgrade`, each once and as what they are; whatever cannot be read is refused by name. */
import * as io from 'io-ts';
import { type Codec, createApp, json, number, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { mapValue } from 'kafka-rx/operators';
import {
  aggregate,
  type OlderValue,
  type State,
  type StateOptions,
  suppress,
  tumbling,
} from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import type { StateBackend, StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';

const topic = { key: string, value: string };
const keys = (text: string, timestamp = 0) => [...text].map(key => ({ key, value: 'x', timestamp }));

const Sum = io.strict({ n: io.number }, 'Sum');
type Sum = io.TypeOf<typeof Sum>;

/** A number as text until version 1, an object of it from version 2 on, and a hundred times that from 3 on. */
type Version = 1 | 2 | 3;

interface Kept {
  readonly value: Codec<unknown>;
  initial(): unknown;
  add(kept: unknown): unknown;
}

const values: Record<Version, Kept> = {
  1: { value: number as Codec<unknown>, initial: () => 0, add: n => (n as number) + 1 },
  2: {
    value: json(Sum) as Codec<unknown>,
    initial: () => ({ n: 0 }),
    add: sum => ({ n: (sum as Sum).n + 1 }),
  },
  3: {
    value: json(Sum) as Codec<unknown>,
    initial: () => ({ n: 0 }),
    add: sum => ({ n: (sum as Sum).n + 100 }),
  },
};

const upgrades: Record<Version, ((old: OlderValue) => unknown) | undefined> = {
  1: undefined,
  2: old => ({ n: old.read(number) }),
  3: old => ({ n: 100 * (old.version === 1 ? old.read(number) : old.read(json(Sum)).n) }),
};

/** Memory that outlives the app, as a folder does. */
interface Outliving extends StateBackends {
  wiped: number;
}

function outliving(): Outliving {
  const opened = new Map<string, StateBackend>();
  const kept: Outliving = {
    wiped: 0,
    async open(task: string): Promise<StateBackend> {
      const found = opened.get(task);
      if (found !== undefined) return found;
      const backend = await memoryBackends.open(task);
      const wipe = backend.wipe.bind(backend);
      backend.close = async () => {};
      backend.wipe = () => {
        kept.wiped++;
        return wipe();
      };
      opened.set(task, backend);
      return backend;
    },
  };
  return kept;
}

const places: [string, () => StateBackends | undefined][] = [
  ['in memory', () => undefined],
  ['with a copy nearby', outliving],
];

interface Running {
  readonly t: TestApp;
  readonly upgraded: string[];
  state(): State<string, unknown>;
  /** Another program of this version. */
  become(version: Version, options?: Partial<StateOptions<string, unknown>>): Promise<void>;
}

async function running(backend?: StateBackends): Promise<Running> {
  let state: State<string, unknown> | undefined;
  let version: Version = 1;
  let options: Partial<StateOptions<string, unknown>> = {};
  const upgraded: string[] = [];
  const t = await testApp((app: App) => {
    const { value, initial, add } = values[version];
    const told = upgrades[version];
    const upgrade =
      told &&
      ((old: OlderValue) => {
        upgraded.push(`${old.version}:${old.bytes}`);
        return told(old);
      });
    state = app.state('counts', { key: string, value, version, upgrade, backend, ...options });
    app
      .topic('in', topic)
      .pipe(aggregate(state, { initial, add: (kept, told) => (told === 'none' ? null : add(kept)) }))
      .subscribe(app.each(() => {}));
  });
  return {
    t,
    upgraded,
    state: () => {
      if (state === undefined) throw new Error('the topology was wired');
      return state;
    },
    become: async (to, given = {}) => {
      version = to;
      options = given;
      upgraded.length = 0;
      await t.restart();
    },
  };
}

const cutOf = (t: TestApp): { readonly versions?: Record<string, number> } => {
  const cut = t.broker.records('test-counts-changelog').findLast(({ key }) => String(key).endsWith('cut'));
  return JSON.parse(String(cut?.value));
};

test.each(places)('%s: what an older version has written is read as what it is now', async (_, make) => {
  const { t, upgraded, state, become } = await running(make());
  t.pipeIn('in', keys('aab'));
  await t.idle();
  expect(cutOf(t)).not.toHaveProperty('versions');
  await become(2);
  expect(upgraded.sort()).toEqual(['1:1', '1:2']);
  expect([state().get('a'), state().get('b')]).toEqual([{ n: 2 }, { n: 1 }]);
  t.pipeIn('in', keys('a'));
  await t.idle();
  expect(state().get('a')).toEqual({ n: 3 });
  expect(cutOf(t).versions).toEqual({ counts: 2 });
  // Of one changelog, rows of two versions.
  await become(3);
  expect(upgraded.sort()).toEqual(['1:1', '1:2', '2:{"n":3}']);
  expect([state().get('a'), state().get('b')]).toEqual([{ n: 300 }, { n: 100 }]);
  t.pipeIn('in', keys('b'));
  await t.idle();
  expect(state().get('b')).toEqual({ n: 200 });
  await t.stop();
});

test('a copy of the same version is not read anew, and one of another is, once', async () => {
  const backend = outliving();
  const { t, upgraded, state, become } = await running(backend);
  t.pipeIn('in', keys('aab'));
  await t.idle();
  await become(1);
  expect(backend.wiped).toBe(0);
  await become(2);
  expect([backend.wiped, upgraded.length]).toEqual([1, 2]);
  // It has committed nothing: the changelog still says 1, and the copy is of 2 all the same.
  await become(2);
  expect([backend.wiped, upgraded.length]).toEqual([1, 0]);
  expect(state().get('a')).toEqual({ n: 2 });
  // Back again, before anything was committed.
  await become(1);
  expect([backend.wiped, state().get('a')]).toEqual([2, 2]);
  await t.stop();
});

test('a unit that is dropped upgrades nothing a second time', async () => {
  const { t, state, become } = await running(outliving());
  t.pipeIn('in', keys('aa'));
  await t.idle();
  await become(3);
  t.broker.faults.refuseCommits(2);
  t.pipeIn('in', keys('a'));
  for (let i = 0; i < 30; i++) await t.advance(100);
  expect(state().get('a')).toEqual({ n: 300 });
  await become(3);
  expect(state().get('a')).toEqual({ n: 300 });
  await t.stop();
});

test.each(places)(
  '%s: another version without an upgrade is refused by name, and nothing is lost by it',
  async (_, make) => {
    const backend = make();
    const { t, become } = await running(backend);
    t.pipeIn('in', keys('aa'));
    await t.idle();
    await expect(become(2, { upgrade: undefined })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(
        /'counts' has values of version 1, and app.state says version 2, without upgrade/,
      ),
      remedy: expect.stringMatching(/upgrade\(old\).*another name.*reset the group/),
    });
    const former = createApp({ groupId: 'test', driver: memory({ broker: t.broker }), clock: t.clock });
    const counted = former.state('counts', { key: string, value: number, backend });
    former
      .topic('in', topic)
      .pipe(aggregate(counted, { initial: () => 0, add: n => n + 1 }))
      .subscribe(former.each(() => {}));
    void former.run();
    for (let i = 0; i < 50; i++) await t.clock.advanceAsync(10);
    expect(counted.get('a')).toBe(2);
    void former.stop();
    await t.clock.advanceAsync(1_000);
  },
);

test('a later version is refused by name', async () => {
  const { t, become } = await running();
  t.pipeIn('in', keys('a'));
  await t.idle();
  await become(3);
  t.pipeIn('in', keys('a'));
  await t.idle();
  await expect(become(2)).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('has values of version 3, and app.state says version 2'),
    remedy: expect.stringContaining('Run the program that wrote them, or a later one'),
  });
});

test('the cut alone says so too, where no row was written', async () => {
  const { t, become } = await running();
  t.pipeIn('in', keys('a'));
  await t.idle();
  await become(3);
  t.pipeIn('in', [{ key: 'z', value: 'none' }]);
  await t.idle();
  expect(cutOf(t).versions).toEqual({ counts: 3 });
  await expect(become(1)).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('has values of version 3'),
  });
});

test('an upgrade that throws fails the app with where, and the changelog is as it was', async () => {
  const { t, become } = await running();
  t.pipeIn('in', keys('a'));
  await t.idle();
  const upgrade = (): never => {
    throw new TypeError('no');
  };
  await expect(become(2, { upgrade })).rejects.toMatchObject({
    code: 'DECODE',
    message: expect.stringContaining("version 1 of the state 'counts' could not be upgraded (TypeError)"),
    at: { topic: 'test-counts-changelog', partition: 0, offset: 0 },
  });
  expect(cutOf(t)).not.toHaveProperty('versions');
});

test('what suppress holds back is upgraded too', async () => {
  const results: unknown[] = [];
  let version: 1 | 2 = 1;
  const t = await testApp(app => {
    const window = tumbling(10, { graceMs: 0 });
    const counted = app.state('counted', { key: string, value: number });
    const held = app.state<string, unknown>('held', {
      key: string,
      value: (version === 1 ? number : string) as Codec<unknown>,
      version,
      upgrade: version === 1 ? undefined : old => `was ${old.read(number)}`,
    });
    app
      .topic('in', topic)
      .pipe(
        aggregate(counted, { initial: () => 0, add: n => n + 1, window }),
        mapValue((n): unknown => (version === 1 ? n : String(n))),
        suppress(held, { until: 'windowCloses', window }),
      )
      .subscribe(app.each(({ value }) => void results.push(value)));
  });
  t.pipeIn('in', keys('aa', 1));
  await t.idle();
  version = 2;
  await t.restart();
  t.pipeIn('in', keys('b', 20));
  await t.idle();
  expect(results).toEqual(['was 2']);
  await t.stop();
});

test('an upgrade without a version above 1 is refused', async () => {
  const wrong = testApp(app => {
    app.state('counts', { key: string, value: number, upgrade: () => 1 });
  });
  await expect(wrong).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining("'counts'"),
  });
});
