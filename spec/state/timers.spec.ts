import fc from 'fast-check';
import { UndoLog } from '../../lib/state/processors/undo-log.js';
import { type Timer, Timers } from '../../lib/state/timers.js';
import { type GoldenValue, param } from '../goldens/cases.js';
import { differing, type MakeMachine, ways } from '../goldens/machine.js';
import { PlainState } from './plain-tables.js';

const key = fc.constantFrom('', 'a', 'ab', 'a\0', 'a\0\0', 'a\0b', '\0', '\xff');
const name = fc.constantFrom('', 'once', 'again', 'sooner');
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ set: fc.nat(60), key, name }) },
  { weight: 1, arbitrary: fc.record({ cancel: key, name }) },
  { weight: 2, arbitrary: fc.record({ pass: fc.nat(12), limit: fc.integer({ min: 1, max: 4 }) }) },
);

type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** What functions of timers may do: set their own anew, or another one, which may be due already. */
function whenFired(
  { due, key: of, name: called }: Timer,
  timers: { set(due: number, key: string, name: string): void; cancel(key: string, name: string): unknown },
): void {
  if (called === 'again') timers.set(due + 7, of, called);
  if (called === 'sooner') timers.set(Math.max(0, due - 3), `${of}a`, 'once');
  if (called === 'once') timers.cancel(of, 'again');
}

/** Timers as a list that is sorted at each step. */
class Model {
  readonly fired: Timer[] = [];
  #timers: Timer[] = [];
  now = 0;

  set(due: number, of: string, called: string): void {
    this.cancel(of, called);
    this.#timers.push({ due, key: of, name: called });
  }

  cancel(of: string, called: string): void {
    this.#timers = this.#timers.filter(timer => timer.key !== of || timer.name !== called);
  }

  run(one: Command): void {
    if ('set' in one) this.set(one.set, one.key, one.name);
    else if ('cancel' in one) this.cancel(one.cancel, one.name);
    else {
      this.now += one.pass;
      for (let next = this.#first(); next !== undefined && next.due <= this.now; next = this.#first()) {
        this.cancel(next.key, next.name);
        this.fired.push(next);
        whenFired(next, this);
      }
    }
  }

  #first(): Timer | undefined {
    const before = (a: Timer, b: Timer) => a.due - b.due || order(a.key, b.key) || order(a.name, b.name);
    return this.#timers.sort(before)[0];
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

test('timers fire in the order of due time, key and name, each once, under dropped units and restarts', () => {
  const units = fc.array(
    fc.record({
      commands: fc.array(command, { maxLength: 8 }),
      ends: fc.constantFrom('commit', 'abort', 'restart'),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(units, all => {
      const model = new Model();
      let state = new PlainState();
      let timers = new Timers(state, 'timers');
      let now = 0;
      const fired: Timer[] = [];
      const run = (commands: readonly Command[]) => {
        for (const one of commands) {
          if ('set' in one) timers.set(one.set, one.key, one.name);
          else if ('cancel' in one) timers.cancel(one.cancel, one.name);
          else {
            now += one.pass;
            const call = (timer: Timer) => {
              fired.push(timer);
              whenFired(timer, timers);
            };
            while (timers.fire(now, one.limit, call));
          }
        }
      };
      for (const { commands, ends } of all) {
        const before = { now, fired: fired.length };
        run(commands);
        if (ends === 'abort') {
          state.abort();
          timers.reset();
          now = before.now;
          fired.length = before.fired;
          run(commands);
        }
        state.commit();
        if (ends === 'restart') {
          state = state.restarted();
          timers = new Timers(state, 'timers');
        }
        for (const one of commands) model.run(one);
        expect(fired).toEqual(model.fired);
      }
      const left = state.table('timers').page({}, 1_000).length;
      expect(state.table('timers-by-due').page({}, 1_000)).toHaveLength(left);
    }),
    { numRuns: 300 },
  );
});

test('no more fire in a turn than it may, and it says that there are more', () => {
  const timers = new Timers(new PlainState(), 'timers');
  for (const due of [1, 2, 3]) timers.set(due, 'a', String(due));
  const fired: string[] = [];
  const call = (timer: Timer) => void fired.push(timer.name);
  expect(timers.fire(2, 1, call)).toBe(true);
  expect(fired).toEqual(['1']);
  expect(timers.fire(2, 5, call)).toBe(false);
  expect(fired).toEqual(['1', '2']);
  expect(timers.next()).toBe(3);
});

test('before the next is due nothing is read', () => {
  const state = new PlainState();
  const timers = new Timers(state, 'timers');
  timers.set(5, 'a', 'n');
  timers.fire(0, 1, () => {});
  const page = jest.spyOn(state.table('timers-by-due'), 'page');
  for (const now of [1, 2, 3, 4]) expect(timers.fire(now, 1, () => {})).toBe(false);
  expect(page).not.toHaveBeenCalled();
  timers.set(2, 'b', 'n');
  const fired: Timer[] = [];
  timers.fire(4, 9, timer => void fired.push(timer));
  expect(fired).toEqual([{ due: 2, key: 'b', name: 'n' }]);
});

test.each([10, 9])('a timer that sets itself for %d while it fires for 10 is refused', due => {
  const timers = new Timers(new PlainState(), 'timers');
  timers.set(10, 'a', 'reminder');
  expect(() => timers.fire(10, 1, ({ key: of, name: called }) => timers.set(due, of, called))).toThrow(
    expect.objectContaining({
      code: 'PROCESS',
      message: expect.stringContaining('"reminder"'),
      remedy: expect.stringContaining('later'),
    }),
  );
  // Afterwards it fires no more, and may be set for whatever time.
  expect(() => timers.set(due, 'a', 'reminder')).not.toThrow();
});

/** Rows that are read while all timers that are due fire. */
function readsOf(timers: Timers, state: PlainState, now: number, call: (timer: Timer) => void): number {
  const page = jest.spyOn(state.table('timers-by-due'), 'page');
  while (timers.fire(now, 100, call));
  const read = page.mock.results.reduce((sum, { value }) => sum + value.length + 1, 0);
  page.mockRestore();
  return read;
}

const many = 2_000;

const changes: readonly (readonly [what: string, whenFired: (timer: Timer, timers: Timers) => void])[] = [
  ['set themselves anew', ({ due, key: of, name: called }, timers) => timers.set(due + many, of, called)],
  [
    'set others that are due next',
    ({ due, key: of, name: called }, timers) => {
      if (called === 'n') timers.set(due - 1, of, 'other');
    },
  ],
  ['cancel others', ({ key: of, name: called }, timers) => void timers.cancel(`${Number(of) + 1}`, called)],
];

test.each(changes)('timers that %s are read once each, however many are due', (_, whenFired) => {
  const state = new PlainState();
  const timers = new Timers(state, 'timers');
  for (let due = 1; due <= many; due++) timers.set(due, String(due), 'n');
  let fired = 0;
  const read = readsOf(timers, state, many, timer => {
    fired++;
    whenFired(timer, timers);
  });
  expect(fired).toBeGreaterThanOrEqual(many / 2);
  expect(read).toBeLessThan(3 * many);
});

test('a timer that sets itself each millisecond of a day that one record brings is read once for each', () => {
  const state = new PlainState();
  const timers = new Timers(state, 'timers');
  for (const one of ['a', 'b', 'c', 'd']) timers.set(1, one, 'tick');
  for (let due = 0; due < many; due++) timers.set(due, String(due), 'n');
  let fired = 0;
  const read = readsOf(timers, state, many, ({ due, key: of, name: called }) => {
    fired++;
    if (called === 'tick') timers.set(due + 1, of, called);
  });
  expect(fired).toBe(5 * many);
  expect(read).toBeLessThan(3 * fired);
});

test('what was set or cancelled and undone fires as it was', () => {
  const timers = new Timers(new PlainState(), 'timers');
  const undo = new UndoLog();
  for (const [due, called] of ['first', 'second', 'third'].entries()) timers.set(due, 'a', called);
  const fired: string[] = [];
  timers.fire(9, 100, ({ name: called }) => {
    fired.push(called);
    if (called !== 'first') return;
    timers.cancel('a', 'second', undo);
    timers.set(8, 'a', 'third', undo);
    timers.set(1, 'a', 'other', undo);
    undo.undo();
    timers.undone();
  });
  expect(fired).toEqual(['first', 'second', 'third']);
});

test('timers that set each other for the same time end with an error that says so', () => {
  const timers = new Timers(new PlainState(), 'timers');
  timers.set(10, 'a', 'ping');
  let fired = 0;
  const firing = (): void => {
    while (
      timers.fire(10, 100, ({ key: of, name: called }) => {
        fired++;
        timers.set(10, of, called === 'ping' ? 'pong' : 'ping');
      })
    );
  };
  expect(firing).toThrow(
    expect.objectContaining({
      code: 'PROCESS',
      message: expect.stringContaining('10000 timers'),
      remedy: expect.stringContaining('later'),
    }),
  );
  expect(fired).toBe(10_001);
  expect(timers.fire(10, 100, () => {})).toBe(false);
});

test('how often a timer was set for a later time counts for nothing', () => {
  const timers = new Timers(new PlainState(), 'timers');
  timers.set(0, 'a', 'tick');
  let fired = 0;
  while (
    timers.fire(50_000, 100, ({ due, key: of, name: called }) => {
      fired++;
      if (called !== 'tick') return;
      timers.set(due, of, 'beside');
      timers.set(due + 1, of, called);
    })
  );
  expect(fired).toBe(100_002);
});

/** Counts by key, handed on and forgotten at each multiple of a time. */
function punctuated(time: 'stream' | 'wall'): MakeMachine {
  return (state, of) => {
    const everyMs = param(of, 'everyMs');
    const counts = state.table<number>('counts');
    const timers = new Timers(state, 'timers');
    const { numbers } = state;
    // With the first input, so that it is part of a cut.
    const begin = () => {
      if (numbers.get('begun') !== undefined) return;
      numbers.set('begun', 1);
      timers.set(time === 'stream' ? 0 : everyMs, '', 'tick');
    };
    const now = (): number => numbers.get(time) ?? -1;
    return {
      take({ side, key: of, timestamp }) {
        begin();
        if (side === 'clock') numbers.set('wall', Math.max(0, numbers.get('wall') ?? 0) + timestamp);
        else {
          numbers.set('stream', Math.max(numbers.get('stream') ?? 0, timestamp));
          if (of !== undefined) counts.put(of, { value: (counts.get(of)?.value ?? 0) + 1, timestamp });
        }
      },
      close: (limit, output) =>
        timers.fire(now(), limit, ({ name: called }) => {
          const rows = counts.page({}, 1_000);
          for (const [one, { value }] of rows) {
            output.result(one, undefined, value, now());
            counts.delete(one);
          }
          output.result('tick', undefined, rows.length as GoldenValue, now());
          timers.set(Math.floor(now() / everyMs) * everyMs + everyMs, '', called);
        }),
      reset: () => timers.reset(),
    };
  };
}

describe.each(ways)('punctuations agree with Kafka Streams %s', way => {
  test.each(['stream', 'wall'] as const)('of %s time', time => {
    const op = { stream: 'punctuate-stream-time', wall: 'punctuate-wall-clock' }[time];
    expect(differing(op, punctuated(time), way)).toEqual([]);
  });
});
