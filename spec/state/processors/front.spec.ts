import { counting } from '../../../lib/state/processors/fold.js';
import { Front } from '../../../lib/state/processors/front.js';
import type { Processor, ProcessorState } from '../../../lib/state/processors/processor.js';
import { SessionAggregate } from '../../../lib/state/processors/session-aggregate.js';
import { SlidingAggregate } from '../../../lib/state/processors/sliding-aggregate.js';
import { SuppressUntilWindowCloses } from '../../../lib/state/processors/suppress-until-window-closes.js';
import { WindowedAggregate } from '../../../lib/state/processors/windowed-aggregate.js';
import type { Entry, KeyRange, Row, StateTable } from '../../../lib/state/state-table.js';
import { Timers } from '../../../lib/state/timers.js';
import { session } from '../../../lib/time/session.js';
import { sliding } from '../../../lib/time/sliding.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { PlainState, type PlainTable } from '../plain-tables.js';
import { Heard } from './heard.js';

/** Counts the deleted rows that walks pass: in an overlay they stand there until they are applied. */
class PassingState implements ProcessorState {
  readonly #state = new PlainState();
  passed = 0;

  get numbers() {
    return this.#state.numbers;
  }

  table<T>(name: string): StateTable<T> {
    return new PassingTable<T>(this.#state.table<T>(name), passed => {
      this.passed += passed;
    });
  }

  rows(name: string): number {
    return this.#state.table(name).page({}, Number.POSITIVE_INFINITY).length;
  }
}

class PassingTable<T> implements StateTable<T> {
  readonly #deleted = new Set<string>();

  constructor(
    private readonly table: PlainTable<T>,
    private readonly tell: (passed: number) => void,
  ) {}

  get(key: string): Row<T> | undefined {
    return this.table.get(key);
  }

  put(key: string, row: Row<T>): void {
    this.#deleted.delete(key);
    this.table.put(key, row);
  }

  delete(key: string): void {
    this.#deleted.add(key);
    this.table.delete(key);
  }

  page(range: KeyRange, limit: number): readonly Entry<T>[] {
    const page = this.table.page(range, limit);
    const to = page.length === limit ? page.at(-1)?.[0] : range.to;
    const isPassed = (key: string): boolean =>
      (range.from === undefined || key >= range.from) && (to === undefined || key < to);
    this.tell([...this.#deleted].filter(isPassed).length);
    return page;
  }
}

const keys = Array.from({ length: 60 }, (_none, i) => `key${i}`);
const fold = counting();
const counts = { add: counting(), merge: (a: number, b: number) => a + b };

function emptied(processor: Processor<string, number>): number {
  const heard = new Heard<number>();
  for (const [i, key] of keys.entries()) processor.take(key, 'x', 1_000 + i, heard);
  processor.take('last', 'x', 1_000_000_000, heard);
  let turns = 0;
  while (processor.close(7, heard)) turns++;
  return turns;
}

describe('what is emptied from the front does not pass again what it has deleted', () => {
  test('windows past retention', () => {
    const state = new PassingState();
    const windows = tumbling(10_000, { graceMs: 0 });
    expect(emptied(new WindowedAggregate(state, { windows, fold, emits: 'updates' }))).toBe(8);
    expect([state.passed, state.rows('rows')]).toEqual([0, 1]);
  });

  test('sliding windows past retention', () => {
    const state = new PassingState();
    const windows = sliding(10, { graceMs: 0 });
    expect(emptied(new SlidingAggregate(state, { windows, fold, emits: 'updates' }))).toBe(8);
    expect([state.passed, state.rows('rows')]).toEqual([0, 1]);
  });

  test.each(['updates', 'final'] as const)('sessions, %s', emits => {
    const state = new PassingState();
    const windows = session(10, { graceMs: 0, retentionMs: 100 });
    const turns = emptied(new SessionAggregate<string, number>(state, { windows, fold: counts, emits }));
    expect(turns).toBeGreaterThanOrEqual(8);
    expect([state.passed, state.rows('sessions')]).toEqual([0, 1]);
  });

  test('updates that were held back', () => {
    const state = new PassingState();
    const held = new SuppressUntilWindowCloses<number>(state, tumbling(10, { graceMs: 0 }));
    const heard = new Heard<number>();
    for (const key of keys) held.take(key, { start: 0, end: 10 }, 1, 5, heard);
    held.take('last', { start: 90, end: 100 }, 1, 90, heard);
    while (held.close(7, heard));
    expect([heard.results.length, state.passed]).toEqual([60, 0]);
  });

  test('timers', () => {
    const state = new PassingState();
    const timers = new Timers(state, 'timers');
    for (const [i, key] of keys.entries()) timers.set(i, key, '');
    timers.set(1_000, 'last', '');
    let fired = 0;
    while (timers.fire(100, 7, () => void fired++));
    expect([fired, timers.next(), state.passed]).toEqual([60, 1_000, 0]);
  });
});

test('a row that is put before the front moves it back', () => {
  const front = new Front();
  front.passed('c');
  expect(front.from > 'c').toBe(true);
  front.put('d');
  expect(front.from > 'c').toBe(true);
  front.put('b');
  expect(front.from).toBe('b');
  front.reset();
  expect(front.from).toBe('');
});
