import { records, ScriptedSource } from './scripted-source.js';

describe('the source', () => {
  test('hands out each record as soon as its batch comes, and commits it when it settles', () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.fetch({ from: 5, count: 2 });
    expect(source.takeHanded()).toEqual(['0@5', '0@6']);
    expect(source.points).toEqual([]);
    source.settle(0, 6);
    source.settle(0, 5);
    expect(source.points.map(point => point.offset)).toEqual([7]);
    expect([source.dispatcher.unsettled, source.dispatcher.pinnedBytes]).toEqual([0, 0]);
  });

  test('commits what lies behind the last record of a batch, and batches without any', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.fetch({ from: 0, count: 1, nextOffset: 9 });
    source.settle(0, 0);
    source.fetch({ from: 9, count: 0, nextOffset: 20 });
    source.fetch({ from: 20, count: 0, nextOffset: 21 });
    await source.turn();
    expect(source.points.map(point => point.offset)).toEqual([9, 20, 21]);
  });

  test('waits until somebody is subscribed', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    // The first subscriber comes with the second batch only: none yet in this epoch's view.
    source.view.complete();
    source.fetch({ from: 0, count: 1 });
    await source.turn();
    expect(source.handed).toEqual([]);
    source.view.records$.subscribe(({ offset }) => source.handed.push(`late ${offset}`));
    await source.turn();
    expect(source.handed).toEqual(['late 0']);
  });

  test('never hands out inside the hand-over of another record', () => {
    const source = new ScriptedSource();
    source.assign([0]);
    const depths: number[] = [];
    let depth = 0;
    source.onRecord = ({ offset }) => {
      depths.push(++depth);
      if (offset < 3) source.fetch({ from: 10 * (offset + 1), count: 1 });
      depth--;
    };
    source.fetch({ from: 0, count: 3 });
    expect(source.handed).toEqual(['0@0', '0@1', '0@2', '0@10', '0@20', '0@30']);
    expect(new Set(depths)).toEqual(new Set([1]));
  });

  test('after halt hands out nothing, and the record under way is never committed', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.onRecord = ({ offset }) => {
      source.settle(0, offset);
      if (offset === 1) source.dispatcher.halt();
    };
    source.fetch({ from: 0, count: 5 });
    source.dispatcher.wake();
    await source.turn();
    expect(source.handed).toEqual(['0@0', '0@1']);
    expect(source.points.map(point => point.offset)).toEqual([1]);
  });
});

describe('bounds', () => {
  test('the span pauses its own partition only, until the straggler settles', async () => {
    const source = new ScriptedSource({ maxSpan: 4 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 10 });
    source.fetch({ partition: 1, from: 0, count: 3 });
    expect(source.takeHanded()).toEqual([...records(0, 0, 4), ...records(1, 0, 3)]);

    // All but the first: the span is counted from the watermark, not in unsettled records.
    for (const offset of [1, 2, 3]) source.settle(0, offset);
    source.settle(1, 0);
    source.fetch({ partition: 1, from: 3, count: 2 });
    await source.turn();
    expect(source.takeHanded()).toEqual(['1@3', '1@4']);

    source.settle(0, 0);
    await source.turn();
    expect(source.takeHanded()).toEqual(records(0, 4, 8));
  });

  test('a full span asks gatherers to let go, again and again', async () => {
    const source = new ScriptedSource({ maxSpan: 2 });
    source.assign([0]);
    source.fetch({ from: 0, count: 3 });
    expect(source.flushes).toContain('bound');
    source.flushes.length = 0;
    source.clock.advance(200);
    expect(source.flushes.length).toBeGreaterThanOrEqual(3);
    expect(new Set(source.flushes)).toEqual(new Set(['bound']));
  });

  test('a lease holder that lets go at the bound is enough for the span to move on', async () => {
    const source = new ScriptedSource({ maxSpan: 2 });
    source.assign([0]);
    let gathered: number[] = [];
    source.onRecord = ({ offset }) => gathered.push(offset);
    source.onFlush = () => {
      const letGo = gathered;
      gathered = [];
      for (const offset of letGo) source.settle(0, offset);
    };
    source.fetch({ from: 0, count: 7 });
    for (let turns = 0; turns < 10; turns++) await source.turn();
    source.clock.advance(1000);
    expect(source.handed).toEqual(records(0, 0, 7));
    expect(source.points.at(-1)?.offset).toBe(7);
  });

  test('no more records are unsettled than allowed, over all partitions', async () => {
    const source = new ScriptedSource({ maxUnsettled: 5 }, { turnRecords: 2 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 10 });
    source.fetch({ partition: 1, from: 0, count: 10 });
    expect([source.takeHanded().length, source.dispatcher.unsettled]).toEqual([5, 5]);
    expect(source.flushes).toContain('bound');
    await source.turn();
    expect(source.takeHanded()).toEqual([]);
    source.settle(0, 1);
    source.settle(0, 0);
    await source.turn();
    expect([source.takeHanded().length, source.dispatcher.unsettled]).toEqual([2, 5]);
  });

  test('a settled record that its batch still pins counts by its bytes', async () => {
    const source = new ScriptedSource({ maxUnsettledBytes: 100 });
    source.assign([0]);
    source.fetch({ from: 0, count: 2, bytes: 60 });
    source.fetch({ from: 2, count: 2, bytes: 60 });
    source.fetch({ from: 4, count: 2, bytes: 60 });
    // The second batch brings 120 bytes with its first record; nothing more until one is let go of whole.
    expect(source.takeHanded()).toEqual(['0@0', '0@1', '0@2']);
    expect(source.dispatcher.pinnedBytes).toBe(120);
    source.settle(0, 0);
    await source.turn();
    expect(source.takeHanded()).toEqual([]);
    source.settle(0, 1);
    await source.turn();
    expect(source.dispatcher.pinnedBytes).toBe(120);
    expect(source.takeHanded()).toEqual(['0@3', '0@4']);
  });

  test('one batch above the bound passes alone', async () => {
    const source = new ScriptedSource({ maxUnsettledBytes: 100 });
    source.assign([0]);
    source.onRecord = ({ offset }) => source.settle(0, offset);
    source.fetch({ from: 0, count: 3, bytes: 5000 });
    await source.turn();
    expect(source.handed).toEqual(records(0, 0, 3));
    expect(source.dispatcher.pinnedBytes).toBe(0);
  });

  test('what the producer has not got rid of holds the source up', async () => {
    const source = new ScriptedSource({ maxBufferedBytes: 100 });
    source.assign([0]);
    source.onRecord = () => {
      source.bufferedBytes += 60;
    };
    source.fetch({ from: 0, count: 4 });
    expect(source.takeHanded()).toEqual(['0@0', '0@1']);
    source.bufferedBytes = 0;
    source.settle(0, 0);
    await source.turn();
    expect(source.takeHanded()).toEqual(['0@2', '0@3']);
  });

  test('the driver is paused above the queue bound, and resumed below half of it', async () => {
    const source = new ScriptedSource({ maxUnsettled: 1, maxQueuedBytes: 100 });
    source.assign([0, 1]);
    source.fetch({ partition: 1, from: 0, count: 1, bytes: 1 });
    source.fetch({ partition: 0, from: 0, count: 1, bytes: 60 });
    expect(source.driver).toEqual([]);
    source.fetch({ partition: 0, from: 1, count: 1, bytes: 60 });
    source.fetch({ partition: 0, from: 2, count: 1, bytes: 60 });
    expect(source.driver).toEqual(['pause 0']);

    const settleNext = async (partition: number, offset: number): Promise<void> => {
      source.settle(partition, offset);
      await source.turn();
    };
    await settleNext(1, 0);
    await settleNext(0, 0);
    await settleNext(0, 1);
    // 120, then 60 bytes are left: not below 50 yet.
    expect(source.driver).toEqual(['pause 0']);
    await settleNext(0, 2);
    expect(source.driver).toEqual(['pause 0', 'resume 0']);
  });

  test('partitions take turns: a full queue does not keep the next one waiting', () => {
    const source = new ScriptedSource({ maxUnsettled: 1 }, { turnRecords: 3 });
    source.assign([0, 1, 2]);
    source.onRecord = ({ partition, offset }) => {
      if (partition !== 0 || offset !== 0) source.settle(partition, offset);
    };
    source.fetch({ partition: 0, from: 0, count: 9 });
    source.fetch({ partition: 1, from: 0, count: 5 });
    source.fetch({ partition: 2, from: 0, count: 4 });
    expect(source.takeHanded()).toEqual(['0@0']);
    source.settle(0, 0);
    source.clock.flush();
    expect(source.handed).toEqual([
      ...records(1, 0, 3),
      ...records(2, 0, 3),
      ...records(0, 1, 4),
      ...records(1, 3, 5),
      ...records(2, 3, 4),
      ...records(0, 4, 9),
    ]);
  });

  test.each([2, 3, 4])('at the bound, each of %i partitions goes on getting its turn', async count => {
    const source = new ScriptedSource({ maxUnsettled: 1 });
    const partitions = Array.from({ length: count }, (_, i) => i);
    source.assign(partitions);
    for (const partition of partitions) source.fetch({ partition, from: 0, count: 10 });
    for (let i = 0; i < 2 * count; i++) {
      const [partition = -1, offset = -1] = source.handed.at(-1)?.split('@').map(Number) ?? [];
      source.settle(partition, offset);
      await source.turn();
    }
    expect(source.handed.slice(0, 2 * count).sort()).toEqual(partitions.flatMap(each => records(each, 0, 2)));
  });

  test('after a while it lets other work of the process run, and goes on', () => {
    const source = new ScriptedSource({}, { turnMs: 15, turnRecords: 64 });
    source.assign([0]);
    const slow = new Set([31]);
    source.onRecord = ({ offset }) => {
      source.settle(0, offset);
      // The only way for time to pass inside a turn.
      if (slow.has(offset)) jest.spyOn(source.clock, 'elapsed').mockReturnValue(20);
    };
    source.fetch({ from: 0, count: 100 });
    expect(source.handed).toHaveLength(32);
    expect(source.clock.nextInMs).toBe(0);
    source.clock.flush();
    expect(source.handed).toHaveLength(100);
  });

  test('idle, gathered records are told to move on', () => {
    const source = new ScriptedSource();
    source.assign([0]);
    source.fetch({ from: 0, count: 1 });
    source.clock.advance(999);
    expect(source.flushes).toEqual([]);
    source.clock.advance(1);
    expect(source.flushes).toEqual(['idle']);
    source.settle(0, 0);
    source.clock.advance(10_000);
    expect(source.flushes.length).toBeLessThanOrEqual(2);
  });
});

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
});

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
    expect(source.dispatcher.unsettled).toBe(1);
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
    expect([source.dispatcher.unsettled, source.dispatcher.pinnedBytes]).toEqual([0, 0]);
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
    const [lane] = source.dispatcher.lanes;
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
    const source = new ScriptedSource({ maxUnsettled: 1, maxQueuedBytes: 10 });
    source.assign([0]);
    source.fetch({ from: 0, count: 2, bytes: 50 });
    source.fetch({ from: 2, count: 2, bytes: 50 });
    expect(source.driver).toEqual(['pause 0']);
    source.assign([0], 2);
    source.fetch({ epoch: 2, from: 0, count: 2, bytes: 50 });
    expect(source.driver).toEqual(['pause 0', 'pause 0']);
  });
});
