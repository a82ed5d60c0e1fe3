import { ScriptedSource } from './scripted-source.js';

describe('draining', () => {
  test('hands out nothing more of these partitions, flushes, and waits for what is under way', async () => {
    const source = new ScriptedSource({ maxUnsettled: 2 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 5 });
    const done = source.draining([0]);
    expect(source.flushes).toContain('drain');
    source.fetch({ partition: 0, from: 5, count: 5 });
    await source.turn();
    source.settle(0, 1);
    await source.turn();
    expect(done).toEqual([]);
    source.settle(0, 0);
    await source.turn();
    expect(done).toEqual(['drained']);
    source.fetch({ partition: 1, from: 0, count: 1 });
    await source.turn();
    expect(source.handed).toEqual(['0@0', '0@1', '1@0']);
  });

  test('is done at once where nothing is under way', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    const done = source.draining([0]);
    await source.turn();
    expect(done).toEqual(['drained']);
  });

  test('does not wait for what a failure holds', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.fetch({ from: 0, count: 2 });
    source.hold(0, 0);
    source.settle(0, 0);
    const done = source.draining([0]);
    await source.turn();
    expect(done).toEqual([]);
    source.settle(0, 1);
    await source.turn();
    expect(done).toEqual(['drained']);
    expect(source.points).toEqual([]);
  });

  test('does not wait for partitions that are lost meanwhile', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.fetch({ from: 0, count: 1 });
    const done = source.draining([0]);
    source.lose(0);
    await source.turn();
    expect(done).toEqual(['drained']);
  });

  test('flushes again after each record that settles: an operator may have emitted into another that gathers', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.fetch({ from: 0, count: 2 });
    source.draining([0]);
    await source.turn();
    const before = source.flushes.length;
    source.settle(0, 0);
    await source.turn();
    expect(source.flushes.slice(before)).toEqual(['drain']);
  });

  test('barriers share their reminders, however many wait and whatever settles: each flush looks through all that waits', async () => {
    const source = new ScriptedSource();
    source.assign([0, 1, 2, 3]);
    for (const partition of [0, 1, 2, 3]) source.fetch({ partition, from: 0, count: 2 });
    const before = source.flushes.length;
    const done = [0, 1, 2, 3].map(partition => source.barrier(partition));
    await source.turn();
    expect(source.flushes.slice(before)).toEqual(['commit', 'commit', 'commit', 'commit']);
    source.settle(0, 0);
    source.settle(1, 0);
    await source.turn();
    await source.clock.advanceAsync(50);
    expect(source.flushes.slice(before).length).toBe(5);
    for (const partition of [0, 1, 2, 3]) source.settle(partition, 1);
    for (const partition of [2, 3]) source.settle(partition, 0);
    await source.turn();
    expect(done.flat().length).toBe(4);
  });
});
