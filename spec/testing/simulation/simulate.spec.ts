import * as t from 'io-ts';
import { json } from '../../../lib/index.js';
import { type SimulateOptions, simulate } from '../../../lib/testing/index.js';

const orders = Array.from({ length: 10 }, (_, id) => ({ key: `c${id % 3}`, value: { id } }));
const passing = { value: json(t.strict({ id: t.number })) };

test('a topology that loses nothing passes under every fault', async () => {
  const report = await simulate(app => app.topic('in', passing).subscribe(app.to('out', passing)), {
    inputs: { in: orders },
    seeds: 20,
    invariant: view => {
      const ids = new Set(view.records('out').map(({ value }) => JSON.parse(String(value)).id));
      return ids.size === orders.length ? undefined : `${orders.length - ids.size} orders were lost`;
    },
  });
  expect(report.seeds).toBe(20);
  expect(report.marks.get('crash')).toBeGreaterThan(0);
});

test('under exactly once readers of committed records see each output once', async () => {
  const twice = (guarantee: 'at-least-once' | 'exactly-once') =>
    simulate(app => app.topic('in', passing).subscribe(app.to('out', passing)), {
      inputs: { in: orders },
      seeds: 20,
      app: { guarantee },
      invariant: view => {
        const ids = view.records('out').map(({ value }) => Number(JSON.parse(String(value)).id));
        const [lost, more] = [orders.length - new Set(ids).size, ids.length - new Set(ids).size];
        return lost + more === 0 ? undefined : `${lost} orders were lost, ${more} came again`;
      },
    });
  const { marks } = await twice('exactly-once');
  for (const mark of ['commit held', 'lost answer: commit unit'])
    expect([mark, (marks.get(mark) ?? 0) > 0]).toEqual([mark, true]);
  await expect(twice('at-least-once')).rejects.toThrow(/0 orders were lost, \d came again/);
}, 60_000);

test('a side effect that is not idempotent is found, with a way to have the run again', async () => {
  let paid: number[] = [];
  const options: SimulateOptions = {
    inputs: { in: orders },
    reset: () => {
      paid = [];
    },
    invariant: () => {
      const twice = paid.find((id, at) => paid.indexOf(id) !== at);
      return twice === undefined ? undefined : `order ${twice} was paid twice`;
    },
  };
  const found = await simulate(
    app => app.topic('in', passing).subscribe(app.each(({ value }) => void paid.push(value.id))),
    options,
  ).catch((error: unknown) => error);
  expect(found).toMatchObject({
    code: 'SIMULATION',
    message: expect.stringMatching(/^Seed \d+ broke 'at rest': order \d was paid twice/),
  });
  const seed = Number(/^Seed (\d+)/.exec(String((found as Error).message))?.[1]);
  const again = await simulate(
    app => app.topic('in', passing).subscribe(app.each(({ value }) => void paid.push(value.id))),
    { ...options, seeds: [seed] },
  ).catch((error: unknown) => error);
  expect(String((again as Error).message)).toBe(String((found as Error).message));
});

describe('what could not be meant is refused before anything runs', () => {
  const wired = jest.fn();
  const refused = (options: object): Promise<unknown> =>
    simulate(wired, { inputs: { in: orders }, ...options } as SimulateOptions).catch(
      (error: unknown) => error,
    );
  afterEach(() => expect(wired).not.toHaveBeenCalled());

  test.each<[string, object, string, string]>([
    ['a misspelt name', { polices: {} }, 'polices', 'Write policies'],
    ['inside too', { guard: { alow: [] } }, 'guard.alow', 'Write allow'],
    ['a stage', { policies: { proces: 'skip' } }, 'policies.proces', 'Write process'],
    ['a name of nothing', { xyzzyplugh: 1 }, 'xyzzyplugh', 'Leave it out; there are'],
    ['text for a number', { discoveryMs: '5' }, 'discoveryMs', ''],
    ['a number out of range', { sessionTimeoutMs: 1 }, 'sessionTimeoutMs', ''],
    ['a misspelt option of an option', { commit: { everyMs: 1 } }, 'commit.everyMs', ''],
    ["what is the simulation's: a driver", { driver: {} }, 'driver', 'Leave it out'],
    ["what is the simulation's: a group", { groupId: 'g' }, 'groupId', 'Leave it out'],
    ["what is the simulation's: a client", { clientId: 'c' }, 'clientId', 'Leave it out'],
    ["what is the simulation's: signals", { signals: ['SIGINT'] }, 'signals', 'Leave it out'],
    ["what is the simulation's: a clock", { clock: {} }, 'clock', ''],
    ["what is the simulation's: metrics", { metrics: {} }, 'metrics', ''],
  ])('of the app: %s', async (_, app, path, remedy) => {
    expect(await refused({ app })).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(`simulate: app.${path} `),
      remedy: expect.stringContaining(remedy),
    });
  });

  test.each<[string, unknown, string]>([
    ['a list', [], 'app'],
    ['a Map', new Map(), 'app'],
    ['an instance', new (class Options {})(), 'app'],
    ['null', null, 'app'],
    [
      'a getter that throws',
      {
        get policies() {
          throw new Error('x');
        },
      },
      '',
    ],
  ])('for the app: %s', async (_, app, path) => {
    expect(await refused({ app })).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(`simulate: ${path}`),
    });
  });

  test.each<[string, object, string]>([
    ['a misspelt field', { in: [{ vlaue: 1 }] }, 'inputs.in.0.vlaue is no option'],
    ['no value', { in: [{ value: 1 }, { key: 'a' }] }, 'inputs.in.1.value is missing'],
    ['a key of another kind', { in: [{ key: 1, value: 1 }] }, 'inputs.in.0.key must be'],
    ['half a partition', { in: [{ partition: 0.5, value: 1 }] }, 'inputs.in.0.partition must be'],
    ['no record', { in: ['text'] }, 'inputs.in.0 must be'],
    ['no list', { in: { value: 1 } }, 'inputs.in must be'],
    ['no topic at all, which breaks nothing', {}, 'inputs has no topic'],
    ['no record at all', { in: [] }, 'inputs.in must be a list of at least 1'],
    ['no record of one topic', { in: orders, other: [] }, 'inputs.other must be a list of at least 1'],
  ])('of the inputs: %s', async (_, inputs, message) => {
    expect(await refused({ inputs })).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(message),
    });
  });

  test.each([[[]], [0], [Number.NaN], [[Number.NaN]]])('seeds %p, which would find nothing', async seeds => {
    expect(await refused({ seeds })).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('simulate: seeds'),
    });
  });
});

test('partitions of a topic that there is not are refused, with the nearest one', async () => {
  const failed = await simulate(app => app.topic('in', passing).subscribe(app.to('out', passing)), {
    inputs: { in: orders },
    partitions: { in: 2, otu: 3 },
  }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'CONFIGURATION', remedy: 'Write out' });
});

test.each([
  ['a misspelt one', { in: orders, inn: orders }, 'inputs.inn', 'Write in'],
  ['one that is only written', { out: orders }, 'inputs.out', 'Leave it out; there are in'],
  ['an illegal name', { 'in/out': orders }, 'inputs.in/out', 'Leave it out; there are in'],
])('a topic of the inputs that no source reads is refused: %s', async (_, inputs, path, remedy) => {
  const run = simulate(app => app.topic('in', passing).subscribe(app.to('out', passing)), { inputs });
  const message = expect.stringContaining(`simulate: ${path} is read by no source`);
  await expect(run).rejects.toMatchObject({ code: 'CONFIGURATION', message, remedy });
});

test('inputs of a topology without a source are refused, and those that a RegExp may find are not', async () => {
  await expect(simulate(() => {}, { inputs: { in: orders } })).rejects.toMatchObject({
    code: 'CONFIGURATION',
    remedy: 'Leave it out; add a source that reads it',
  });
  const found = simulate(app => app.topic(/^i/, passing).subscribe(app.to('out', passing)), {
    inputs: { in: orders },
    seeds: 1,
  });
  expect((await found).steps).toBeGreaterThan(orders.length);
});

test('a partition of the inputs that there is not is refused, and not another one written to', async () => {
  const inputs = { in: [...orders, { value: { id: 10 }, partition: 2 }] };
  const run = simulate(app => app.topic('in', passing).subscribe(app.to('out', passing)), {
    inputs,
    seeds: 1,
  });
  await expect(run).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('simulate: inputs.in.10.partition is 2, and in has 2'),
    remedy: 'Write one from 0 to 1, or raise partitions',
  });
});
