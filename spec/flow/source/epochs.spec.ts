import { records, ScriptedSource } from './scripted-source.js';

describe('an epoch that is over', () => {
  test('a batch of another epoch, or of a partition that is not ours, is not handed out', () => {
    const source = new ScriptedSource();
    source.assign([0], 3);
    source.fetch({ epoch: 2, from: 0, count: 1 });
    source.fetch({ epoch: 4, from: 0, count: 1 });
    source.fetch({ partition: 1, epoch: 3, from: 0, count: 1 });
    expect(source.handed).toEqual([]);
  });

  test('what settles of it later is dropped and counted, and moves no watermark', async () => {
    const source = new ScriptedSource();
    source.assign([0], 1);
    source.fetch({ from: 0, count: 2 });
    source.assign([0], 2);
    source.fetch({ epoch: 2, from: 0, count: 1 });
    source.settle(0, 0, 1);
    source.settle(0, 1, 1);
    expect([source.points, source.dropped]).toEqual([[], ['stale-epoch', 'stale-epoch']]);
    expect(source.inFlight.unsettled).toBe(1);
    source.settle(0, 0, 2);
    expect(source.points).toMatchObject([{ epoch: 2, offset: 1 }]);
  });

  test('lost partitions leave nothing behind in the bounds, though what was under way never settles', async () => {
    const source = new ScriptedSource({ maxUnsettled: 4, maxUnsettledBytes: 100 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 4, bytes: 90 });
    source.fetch({ partition: 1, from: 0, count: 3, bytes: 30 });
    expect(source.takeHanded()).toEqual(records(0, 0, 4));
    source.lose(0);
    expect([source.inFlight.unsettled, source.inFlight.pinnedBytes]).toEqual([0, 0]);
    source.dispatcher.wake();
    await source.turn();
    expect(source.takeHanded()).toEqual(records(1, 0, 3));
  });

  test('losing a partition lets the others go on by itself', async () => {
    const source = new ScriptedSource({ maxUnsettled: 1 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 1 });
    source.fetch({ partition: 1, from: 0, count: 1 });
    source.takeHanded();
    source.lose(0);
    await source.turn();
    expect(source.handed).toEqual(['1@0']);
  });

  test('its records are refused by sinks from then on, and its signal is aborted', () => {
    const source = new ScriptedSource();
    source.assign([0]);
    const [lane] = source.lanes.all;
    const signal = lane?.signal;
    expect(signal?.aborted).toBe(false);
    source.onRecord = ({ offset }) => {
      if (offset === 0) source.lose(0);
    };
    source.fetch({ from: 0, count: 5 });
    expect(source.handed).toEqual(['0@0']);
    expect([signal?.aborted, lane?.ended, lane?.signal.aborted]).toEqual([true, true, true]);
  });

  test('of a pause nothing is left: what is assigned anew is not paused', async () => {
    const source = new ScriptedSource({ maxUnsettled: 1, maxQueuedBytesPerPartition: 10_000 });
    source.assign([0]);
    source.fetch({ from: 0, count: 2, bytes: 50_000 });
    source.fetch({ from: 2, count: 2, bytes: 50_000 });
    expect(source.driver).toEqual(['pause 0']);
    source.assign([0], 2);
    source.fetch({ epoch: 2, from: 0, count: 2, bytes: 50_000 });
    expect(source.driver).toEqual(['pause 0', 'pause 0']);
  });

  test('an epoch is one of the topic that its first batch is of, whatever the name had for an end before', () => {
    const source = new ScriptedSource();
    source.assign([0, 1]);
    const [paused, other] = source.lanes.all;
    // Asked for while the partition was paused and nothing had come of it.
    if (paused !== undefined) paused.endOffset = 7;
    for (const partition of [0, 1]) source.fetch({ partition, from: 0, count: 1, topicId: 'old' });
    expect([paused?.origin, other?.origin]).toEqual(['old', 'old']);
    source.assign([0], 2);
    source.fetch({ epoch: 2, from: 0, count: 1, topicId: 'new' });
    expect([paused?.origin, source.lanes.all[0]?.origin]).toEqual(['old', 'new']);
  });
});
