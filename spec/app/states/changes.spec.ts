/** `changes$` tells what commits change, once, and nothing else. */
import { type Codec, number, string } from 'kafka-rx';
import {
  aggregate,
  count,
  hopping,
  type SlidingWindows,
  type State,
  type StateChange,
  session,
  sliding,
  type TumblingWindows,
  tumbling,
} from 'kafka-rx/state';
import { type TestApp, testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';

const topic = { key: string, value: string };
const keys = (text: string, timestamp = 0) => [...text].map(key => ({ key, value: 'x', timestamp }));

function counted(app: App, value: Codec<number> = number): State<string, number> {
  const state = app.state('counts', { key: string, value });
  app
    .topic('in', topic)
    .pipe(count(state))
    .subscribe(app.each(() => {}));
  return state;
}

/** As `a=1`, `a@0=1` in the window from 0 on, `a=` where it is deleted. */
function heard(state: State<string, number>): string[] {
  const told: string[] = [];
  state.changes$.subscribe(({ key, window, value }) => {
    told.push(`${key}${window === undefined ? '' : `@${window.start}`}=${value ?? ''}`);
  });
  return told;
}

async function told(
  wire: (app: App) => State<string, number>,
  options: Parameters<typeof testApp>[1] = {},
): Promise<{ readonly t: TestApp; readonly told: string[]; readonly state: State<string, number> }> {
  const states: State<string, number>[] = [];
  const lines: string[][] = [];
  const t = await testApp(app => {
    const state = wire(app);
    states.push(state);
    lines.push(heard(state));
  }, options);
  const [state, first] = [states[0], lines[0]];
  if (state === undefined || first === undefined) throw new Error('the topology was wired');
  return { t, told: first, state };
}

test('once a commit and key, as it is committed, with the time of the newest record', async () => {
  const { t, told: lines, state } = await told(counted);
  const whole: StateChange<string, number>[] = [];
  state.changes$.subscribe(change => whole.push(change));
  t.pipeIn('in', [...keys('aba', 5), ...keys('b', 3)]);
  expect(lines).toEqual([]);
  await t.idle();
  expect(lines).toEqual(['a=2', 'b=2']);
  expect(whole[0]).toEqual({ key: 'a', window: undefined, value: 2, timestamp: 5 });
  t.pipeIn('in', keys('c'));
  await t.idle();
  expect(lines).toEqual(['a=2', 'b=2', 'c=1']);
  await t.stop();
});

test('who hears it is answered of the same already', async () => {
  const { t, state } = await told(counted, { guarantee: 'exactly-once' });
  const answers: (number | undefined)[] = [];
  state.changes$.subscribe(({ key }) => answers.push(state.get(key)));
  t.pipeIn('in', keys('aa'));
  await t.idle();
  expect(answers).toEqual([2]);
  await t.stop();
});

test('a late subscriber hears what comes after, and what a restore finds is no change', async () => {
  const lines: string[][] = [];
  let state: State<string, number> | undefined;
  const t = await testApp(app => {
    state = counted(app);
    lines.push(heard(state));
  });
  t.pipeIn('in', keys('ab'));
  await t.idle();
  const late = state === undefined ? [] : heard(state);
  t.pipeIn('in', keys('a'));
  await t.idle();
  expect([lines[0], late]).toEqual([['a=1', 'b=1', 'a=2'], ['a=2']]);
  await t.restart();
  expect(lines[1]).toEqual([]);
  t.pipeIn('in', keys('b'));
  await t.idle();
  expect(lines[1]).toEqual(['b=2']);
  await t.stop();
});

test('a unit that is dropped changes nothing, and what comes again is told once', async () => {
  const { t, told: lines } = await told(counted);
  t.broker.faults.refuseCommits(1);
  t.pipeIn('in', keys('aa'));
  for (let i = 0; i < 30; i++) await t.advance(100);
  expect(lines.at(-1)).toBe('a=2');
  expect(lines.filter(line => line === 'a=2')).toHaveLength(1);
  await t.stop();
});

test('a key that is deleted has no value, and the time of the deletion', async () => {
  const { t, state } = await told(app => {
    const state = app.state('counts', { key: string, value: number });
    app
      .topic('in', topic)
      .pipe(aggregate(state, { initial: () => 0, add: (n, value) => (value === 'no' ? null : n + 1) }))
      .subscribe(app.each(() => {}));
    return state;
  });
  const changes: StateChange<string, number>[] = [];
  state.changes$.subscribe(change => changes.push(change));
  t.pipeIn('in', keys('a', 1));
  await t.idle();
  await t.advance(1_000);
  t.pipeIn('in', [{ key: 'a', value: 'no', timestamp: 2 }]);
  await t.idle();
  expect(changes).toEqual([
    { key: 'a', window: undefined, value: 1, timestamp: 1 },
    { key: 'a', window: undefined, value: undefined, timestamp: t.clock.now() },
  ]);
  await t.stop();
});

test.each<[string, TumblingWindows | SlidingWindows | ReturnType<typeof hopping>, readonly string[]]>([
  ['tumbling', tumbling(10, { graceMs: 100 }), ['a@10=1', 'bb@10=1']],
  ['hopping', hopping(10, { advanceMs: 5, graceMs: 100 }), ['a@5=1', 'bb@5=1', 'a@10=1', 'bb@10=1']],
  ['sliding', sliding(10, { graceMs: 100 }), ['a@2=1', 'bb@2=1']],
])('of %s windows with the window', async (_, window, expected) => {
  const { t, told: lines } = await told(app => {
    const state = app.state('counts', { key: string, value: number });
    app
      .topic('in', topic)
      .pipe(count(state, { window }))
      .subscribe(app.each(() => {}));
    return state;
  });
  t.pipeIn('in', [
    { key: 'a', value: 'x', timestamp: 12 },
    { key: 'bb', value: 'x', timestamp: 12 },
  ]);
  await t.idle();
  expect(lines).toEqual(expected);
  await t.stop();
});

test('of sessions with the session: one that grows is another, and the former goes', async () => {
  const { t, told: lines } = await told(app => {
    const state = app.state('counts', { key: string, value: number });
    app
      .topic('in', topic)
      .pipe(count(state, { window: session(10, { graceMs: 100 }) }))
      .subscribe(app.each(() => {}));
    return state;
  });
  t.pipeIn('in', keys('a', 100));
  await t.idle();
  t.pipeIn('in', keys('a', 95));
  await t.idle();
  expect(lines).toEqual(['a@100=1', 'a@95=2', 'a@100=']);
  await t.stop();
});

test('it completes with the app, for who subscribes afterwards too, also where that has failed', async () => {
  const ends = (state: State<string, number>) => {
    let ended = false;
    state.changes$.subscribe({
      complete: () => {
        ended = true;
      },
    });
    return () => ended;
  };
  const { t, state } = await told(counted);
  const during = ends(state);
  await t.idle();
  expect(during()).toBe(false);
  await t.stop();
  expect([during(), ends(state)()]).toEqual([true, true]);

  const failing = await told(counted);
  const ended = ends(failing.state);
  expect(() => failing.t.pipeIn('in', [{ key: null, value: 'x' }])).toThrow();
  await expect(failing.t.stop()).rejects.toMatchObject({ code: 'DECODE' });
  expect(ended()).toBe(true);
});

test('a listener that throws, and a codec that cannot read, are told to the logger alone', async () => {
  const warned: object[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (fields: object) => void warned.push(fields) };
  const { t, told: lines, state } = await told(counted, { logger });
  state.changes$.subscribe(() => {
    throw new Error('no');
  });
  t.pipeIn('in', keys('ab'));
  await t.idle();
  expect(lines).toEqual(['a=1', 'b=1']);
  expect(warned).toEqual([
    { state: 'counts', error: 'Error' },
    { state: 'counts', error: 'Error' },
  ]);
  expect(t.app.health().state).toBe('running');
  await t.stop();

  const writesOnly: Codec<number> = {
    ...number,
    decode: () => {
      throw new Error('no');
    },
  };
  const other = await told(app => counted(app, writesOnly), { logger });
  other.t.pipeIn('in', keys('a'));
  await other.t.idle();
  expect(other.told).toEqual([]);
  expect(warned).toHaveLength(3);
  expect(other.t.committed('in')).toEqual([1]);
  await other.t.stop();
});
