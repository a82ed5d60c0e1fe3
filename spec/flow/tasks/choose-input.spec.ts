/** Kafka Streams' PartitionGroup and KIP-695, as rules. */
import fc from 'fast-check';
import { chooseInput, type TaskInput } from '../../../lib/flow/tasks/choose-input.js';

const input = (topic: string, given: Partial<TaskInput> = {}): TaskInput => ({
  topic,
  partition: 0,
  isRead: true,
  head: undefined,
  beyond: 'end',
  endSince: 0,
  ...given,
});

const taken = (inputs: readonly TaskInput[], maxIdleMs = 0, now = 0) => {
  const choice = chooseInput(inputs, maxIdleMs, now);
  if (choice.kind === 'take') return choice.input.topic;
  return choice.kind === 'wait' ? `wait for ${choice.input.topic} until ${choice.until}` : choice.kind;
};

describe('the next record of a task', () => {
  test('is the oldest of those that are here, and of equal ones that of the first topic', () => {
    expect(taken([input('b', { head: 5 }), input('a', { head: 7 })])).toBe('b');
    expect(taken([input('b', { head: 5 }), input('a', { head: 5 })])).toBe('a');
  });

  test('waits for an input of which the broker holds more, and for one that nobody has answered for', () => {
    expect(taken([input('a', { head: 5 }), input('b', { beyond: 'more' })])).toBe(
      'wait for b until Infinity',
    );
    expect(taken([input('a', { head: 5 }), input('b', { beyond: 'unknown' })])).toBe(
      'wait for b until Infinity',
    );
  });

  test('does not wait for one that is at its end, unless told how long', () => {
    const inputs = [input('a', { head: 5 }), input('b', { endSince: 100 })];
    expect(taken(inputs, 0, 100)).toBe('a');
    expect(taken(inputs, 50, 100)).toBe('wait for b until 150');
    expect(taken(inputs, 50, 150)).toBe('a');
  });

  test('waits for none where it is told to wait never', () => {
    expect(taken([input('a', { head: 5 }), input('b', { beyond: 'more' })], -1)).toBe('a');
    expect(taken([input('a', { head: 5 }), input('b', { beyond: 'unknown' })], -1)).toBe('a');
  });

  test('is none where no input has one, whatever may come', () => {
    expect(taken([input('a', { beyond: 'more' }), input('b')])).toBe('nothing');
    expect(taken([])).toBe('nothing');
  });

  test('is of an input that is read, and none is waited for that is not', () => {
    expect(taken([input('a', { head: 5, isRead: false }), input('b', { head: 7 })])).toBe('b');
    expect(taken([input('a', { beyond: 'more', isRead: false }), input('b', { head: 7 })])).toBe('b');
    expect(taken([input('a', { head: 5, isRead: false })])).toBe('nothing');
  });

  test('of inputs that are all here from the beginning come in order of time, whatever their numbers', () => {
    const logs = fc.array(fc.array(fc.nat(50), { maxLength: 20 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(logs, unsorted => {
        const rest = unsorted.map(times => [...times].sort((a, b) => a - b));
        const all: number[] = [];
        for (;;) {
          const inputs = rest.map((times, i) => input(`t${i}`, { head: times[0], partition: i }));
          const choice = chooseInput(inputs, 0, 0);
          if (choice.kind !== 'take') break;
          all.push(rest[choice.input.partition]?.shift() ?? Number.NaN);
        }
        expect(all).toEqual(unsorted.flat().sort((a, b) => a - b));
      }),
    );
  });

  test('is never behind one that the broker is known to hold', () => {
    const some = fc.record({
      topic: fc.constantFrom('a', 'b', 'c'),
      partition: fc.nat(3),
      head: fc.option(fc.nat(9), { nil: undefined }),
      beyond: fc.constantFrom('more' as const, 'end' as const, 'unknown' as const),
      endSince: fc.nat(9),
      isRead: fc.constant(true),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 5 }), fc.nat(9), fc.nat(20), (inputs, maxIdleMs, now) => {
        const choice = chooseInput(inputs, maxIdleMs, now);
        const empty = inputs.filter(({ head }) => head === undefined);
        const unsure = empty.some(({ beyond, endSince }) => beyond !== 'end' || endSince + maxIdleMs > now);
        const expected = empty.length === inputs.length ? 'nothing' : unsure ? 'wait' : 'take';
        expect(choice.kind).toBe(expected);
        if (choice.kind === 'wait') expect(choice.until).toBeGreaterThan(now);
      }),
    );
  });
});
