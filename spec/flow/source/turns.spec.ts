import { PartitionLane } from '../../../lib/flow/source/partition-lane.js';
import { type TakesTurns, Turns } from '../../../lib/flow/source/turns.js';
import { records, ScriptedSource } from './scripted-source.js';

describe('turns', () => {
  const waiting = (names: string): readonly (TakesTurns & { readonly name: string })[] =>
    [...names].map(name => ({ name, turn: 'none' }));

  test('first come, first served, and none twice', () => {
    const turns = new Turns<TakesTurns>();
    const [a, b] = waiting('ab');
    if (a === undefined || b === undefined) throw new Error('two were made');
    for (const one of [a, b, a, b]) turns.offer(one);
    expect(turns.next).toBe(a);
    turns.take();
    turns.offer(a);
    expect(turns.next).toBe(b);
    turns.take();
    expect(turns.next).toBe(a);
    turns.take();
    expect(turns.next).toBeUndefined();
  });

  test('who is blocked cannot be offered until it may go on', () => {
    const turns = new Turns<TakesTurns>();
    const [a] = waiting('a');
    if (a === undefined) throw new Error('one was made');
    turns.offer(a);
    turns.block();
    turns.offer(a);
    expect([turns.next, turns.anyBlocked]).toEqual([undefined, true]);
    turns.unblock(a);
    turns.unblock(a);
    turns.offer(a);
    expect([turns.next, turns.anyBlocked]).toEqual([a, false]);
  });
});

describe('a partition is found again', () => {
  test('that got work at its span, once the watermark moves', async () => {
    const source = new ScriptedSource({ maxSpan: 2 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 2 });
    source.fetch({ partition: 0, from: 2, count: 2 });
    source.fetch({ partition: 1, from: 0, count: 1 });
    expect(source.takeHanded()).toEqual([...records(0, 0, 2), ...records(1, 0, 1)]);
    // Not at the watermark: nothing moves.
    source.settle(0, 1);
    await source.turn();
    expect(source.takeHanded()).toEqual([]);
    source.settle(0, 0);
    await source.turn();
    expect(source.takeHanded()).toEqual(records(0, 2, 4));
  });

  test('that got work while nobody wanted it, once somebody subscribes', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.leave();
    source.fetch({ from: 0, count: 2 });
    await source.turn();
    expect(source.handed).toEqual([]);
    const seen: number[] = [];
    source.view.records$.subscribe(({ offset }) => seen.push(offset));
    await source.turn();
    expect(seen).toEqual([0, 1]);
  });

  test('that nobody wanted in the midst of its turn', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.onRecord = ({ offset }) => offset === 0 && source.leave();
    source.fetch({ from: 0, count: 2 });
    expect(source.handed).toEqual(['0@0']);
    const seen: number[] = [];
    source.view.records$.subscribe(({ offset }) => seen.push(offset));
    await source.turn();
    expect(seen).toEqual([1]);
  });
});

test('a batch of one partition costs no look at the others', () => {
  const source = new ScriptedSource();
  source.assign(Array.from({ length: 1000 }, (_, i) => i));
  const looks = jest.spyOn(PartitionLane.prototype, 'hasWork', 'get');
  source.fetch({ partition: 500, from: 0, count: 1 });
  expect(source.handed).toEqual(['500@0']);
  expect(looks.mock.calls.length).toBeLessThan(10);
  looks.mockRestore();
});
