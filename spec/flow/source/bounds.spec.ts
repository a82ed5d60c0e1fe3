import { records, ScriptedSource } from './scripted-source.js';

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

  test('a full span asks gatherers to flush, again and again', async () => {
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
    expect([source.takeHanded().length, source.inFlight.unsettled]).toEqual([5, 5]);
    expect(source.flushes).toContain('bound');
    await source.turn();
    expect(source.takeHanded()).toEqual([]);
    source.settle(0, 1);
    source.settle(0, 0);
    await source.turn();
    expect([source.takeHanded().length, source.inFlight.unsettled]).toEqual([2, 5]);
  });

  test('a settled record that its batch still pins counts by its bytes', async () => {
    const source = new ScriptedSource({ maxUnsettledBytes: 100 });
    source.assign([0]);
    source.fetch({ from: 0, count: 2, bytes: 60 });
    source.fetch({ from: 2, count: 2, bytes: 60 });
    source.fetch({ from: 4, count: 2, bytes: 60 });
    // The second batch brings 120 bytes with its first record; nothing more until one is let go of whole.
    expect(source.takeHanded()).toEqual(['0@0', '0@1', '0@2']);
    expect(source.inFlight.pinnedBytes).toBe(120);
    source.settle(0, 0);
    await source.turn();
    expect(source.takeHanded()).toEqual([]);
    source.settle(0, 1);
    await source.turn();
    expect(source.inFlight.pinnedBytes).toBe(120);
    expect(source.takeHanded()).toEqual(['0@3', '0@4']);
  });

  test('one batch above the bound passes alone', async () => {
    const source = new ScriptedSource({ maxUnsettledBytes: 100 });
    source.assign([0]);
    source.onRecord = ({ offset }) => source.settle(0, offset);
    source.fetch({ from: 0, count: 3, bytes: 5000 });
    await source.turn();
    expect(source.handed).toEqual(records(0, 0, 3));
    expect(source.inFlight.pinnedBytes).toBe(0);
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
    const source = new ScriptedSource({ maxUnsettled: 1, maxQueuedBytesPerPartition: 100_000 });
    source.assign([0, 1]);
    source.fetch({ partition: 1, from: 0, count: 1, bytes: 1_000 });
    source.fetch({ partition: 0, from: 0, count: 1, bytes: 60_000 });
    expect(source.driver).toEqual([]);
    source.fetch({ partition: 0, from: 1, count: 1, bytes: 60_000 });
    source.fetch({ partition: 0, from: 2, count: 1, bytes: 60_000 });
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

  test('all are paused above the common bound, and go on below a quarter of it', async () => {
    const source = new ScriptedSource({ maxUnsettled: 1, maxQueuedBytes: 100_000 });
    source.assign([0, 1, 2]);
    source.fetch({ partition: 0, from: 0, count: 1, bytes: 60_000 });
    source.fetch({ partition: 1, from: 0, count: 1, bytes: 38_000 });
    expect(source.driver).toEqual([]);
    source.fetch({ partition: 1, from: 1, count: 1, bytes: 20_000 });
    expect(source.driver).toEqual(['pause 0', 'pause 1', 'pause 2']);
    // Was under way.
    source.fetch({ partition: 2, from: 0, count: 1, bytes: 20_000 });
    source.driver.splice(0);

    const settleNext = async (partition: number, offset: number): Promise<void> => {
      source.settle(partition, offset);
      await source.turn();
    };
    await settleNext(0, 0);
    await settleNext(1, 0);
    // Two batches of 20 bytes are left, one of them until it is done.
    await settleNext(2, 0);
    expect(source.driver).toEqual([]);
    await settleNext(1, 1);
    expect(source.driver).toEqual(['resume 0', 'resume 1', 'resume 2']);
  });

  test('what is held up does not keep others from being fetched', async () => {
    const source = new ScriptedSource({ maxSpan: 1, maxQueuedBytes: 100_000 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 2, bytes: 150_000 });
    expect(source.driver).toEqual(['pause 0', 'pause 1', 'resume 1']);
    expect(source.takeHanded()).toEqual(['0@0']);
    source.driver.splice(0);
    source.onRecord = ({ partition, offset }) => source.settle(partition, offset);
    source.fetch({ partition: 1, from: 0, count: 1, bytes: 90_000 });
    await source.turn();
    expect([source.takeHanded(), source.driver]).toEqual([['1@0'], ['pause 1', 'resume 1']]);
  });

  test('a batch counts for the bounds also where it brings nothing', () => {
    const source = new ScriptedSource({ maxUnsettled: 1, maxQueuedBytesPerPartition: 100_000 });
    source.assign([0]);
    source.fetch({ from: 0, count: 1 });
    for (let offset = 1; offset <= 1000; offset++) {
      source.fetch({ from: offset, count: 0, bytes: 0, nextOffset: offset + 1 });
    }
    expect(source.driver).toEqual(['pause 0']);
  });

  test('with every partition at its span, no more waits than allowed but the batches at hand', () => {
    const partitions = Array.from({ length: 20 }, (_, i) => i);
    const source = new ScriptedSource({
      maxSpan: 1,
      maxQueuedBytes: 100_000,
      maxQueuedBytesPerPartition: 50_000,
    });
    source.assign(partitions);
    source.fetchAll(50, partition => ({ partition, count: 2, bytes: 10_000 }));
    expect(source.takeHanded()).toHaveLength(20);
    const queued = source.lanes.all.reduce((sum, lane) => sum + lane.queuedBytes, 0);
    expect(queued).toBeLessThanOrEqual(100_000 + partitions.length * 11_000);
  });

  test('what is held up beyond the bound does not keep others from being fetched, nor is fetched itself', () => {
    const source = new ScriptedSource({ maxSpan: 2, maxQueuedBytes: 100_000 });
    source.assign([0, 1, 2]);
    source.onRecord = ({ partition, offset }) => {
      if (partition === 2) source.settle(partition, offset);
    };
    source.fetchAll(30, partition => ({ partition, count: 2, bytes: 30_000 }));
    expect(source.takeHanded().filter(name => name.startsWith('2@'))).toEqual(records(2, 0, 60));
    const held = source.lanes.all.slice(0, 2).reduce((sum, lane) => sum + lane.queuedBytes, 0);
    expect(held).toBeLessThan(200_000);
  });

  test('what nobody hears is not fetched beyond the bound, and is once somebody does', async () => {
    const source = new ScriptedSource({ maxQueuedBytes: 100_000 });
    source.assign([0, 1]);
    source.leave();
    source.fetchAll(50, partition => ({ partition, count: 2, bytes: 30_000 }));
    const queued = source.lanes.all.reduce((sum, lane) => sum + lane.queuedBytes, 0);
    expect(queued).toBeLessThan(200_000);
    source.view.records$.subscribe(() => {});
    await source.turn();
    expect(source.lanes.all.map(lane => [lane.pausedAtDriver, lane.queuedBytes])).toEqual([
      [false, 0],
      [false, 0],
    ]);
  });

  test('what waits of lost and drained partitions makes room', () => {
    const source = new ScriptedSource({ maxUnsettled: 1, maxQueuedBytes: 100_000 });
    source.assign([0, 1, 2]);
    source.fetch({ partition: 0, from: 0, count: 2, bytes: 60_000 });
    source.fetch({ partition: 1, from: 0, count: 1, bytes: 40_000 });
    source.fetch({ partition: 2, from: 0, count: 1, bytes: 20_000 });
    expect(source.driver).toEqual(['pause 0', 'pause 1', 'pause 2']);
    source.draining([1]);
    expect(source.driver).toHaveLength(3);
    source.lose(0);
    expect(source.driver.slice(3)).toEqual(['resume 2']);
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
      ...records(0, 1, 4),
      ...records(1, 0, 3),
      ...records(2, 0, 3),
      ...records(0, 4, 7),
      ...records(1, 3, 5),
      ...records(2, 3, 4),
      ...records(0, 7, 9),
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
    // The first was handed out before the others had anything: they came behind it.
    expect(source.handed[0]).toBe('0@0');
    expect(source.handed.slice(1).sort()).toEqual(
      partitions.flatMap(each => (each === 0 ? records(0, 1, 3) : records(each, 0, 2))),
    );
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

test('a partition at its barrier goes on by itself: until it is given up nothing is fetched above the common bound for it', async () => {
  const source = new ScriptedSource({ maxQueuedBytes: 1_000 });
  source.assign([0, 1]);
  const task = source.lanes.of({ topic: 't', partition: 0 })?.task;
  task?.stopAt();
  source.fetch({ partition: 0, from: 0, count: 2, bytes: 2_000 });
  await source.turn();
  expect(source.driver.splice(0)).toEqual(['pause 0', 'pause 1']);
  // Its unit has failed: what waits of it may wait for long.
  task?.abandon();
  source.dispatcher.wake();
  await source.turn();
  expect(source.driver).toContain('resume 1');
});
