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
    expect([source.inFlight.unsettled, source.inFlight.pinnedBytes]).toEqual([0, 0]);
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

  test('any number of batches without records is passed in one go', async () => {
    const source = new ScriptedSource({ maxUnsettled: 1 });
    source.assign([0]);
    source.fetch({ from: 0, count: 1 });
    // Markers of transactions, fetched while the source is at its bound.
    const batches = 30_000;
    for (let offset = 1; offset <= batches; offset++)
      source.fetch({ from: offset, count: 0, nextOffset: offset + 1 });
    source.fetch({ from: batches + 1, count: 1 });
    source.settle(0, 0);
    await source.turn();
    expect(source.takeHanded()).toEqual(['0@0', `0@${batches + 1}`]);
    expect(source.points.at(-1)?.offset).toBe(batches + 1);
  });

  test('waits until somebody is subscribed', async () => {
    const source = new ScriptedSource();
    source.assign([0]);
    // The first subscriber comes with the second batch only: none yet in this epoch's view.
    source.leave();
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

  test('hands out nothing once the membership is not sure, and goes on where it was when it is confirmed', async () => {
    const source = new ScriptedSource({}, { turnRecords: 2 });
    source.assign([0]);
    source.confirmedUntil = source.clock.elapsed() + 100;
    source.onRecord = ({ offset }) => {
      // The process stands still in the midst of a turn: the turn ends, and no other begins.
      if (offset === 2) source.confirmedUntil = source.clock.elapsed();
    };
    source.fetch({ from: 0, count: 6 });
    await source.turn();
    expect(source.takeHanded()).toEqual(records(0, 0, 4));
    source.settle(0, 0);
    source.fetch({ from: 6, count: 2 });
    await source.turn();
    expect(source.takeHanded()).toEqual([]);
    source.confirmedUntil = source.clock.elapsed() + 100;
    source.dispatcher.wake();
    await source.turn();
    expect(source.takeHanded()).toEqual(records(0, 4, 8));
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
