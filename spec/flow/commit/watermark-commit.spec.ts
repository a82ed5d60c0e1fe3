import { defaults } from '../../../lib/app/defaults.js';
import { WatermarkCommit } from '../../../lib/flow/commit/watermark-commit.js';
import { deliveriesOf } from '../../../lib/flow/leases/delivery.js';
import { listOf } from '../../../lib/flow/leases/leases.js';
import { VirtualClock } from '../../../lib/testing/index.js';
import { ScriptedSource } from '../source/scripted-source.js';
import { advance, retriable, ScriptedTarget, settle } from './scripted-target.js';

/** The source, and what commits what of it has settled. */
function committed(options: { readonly intervalMs?: number; readonly every?: number } = {}) {
  const clock = new VirtualClock();
  const target = new ScriptedTarget(clock);
  const commit = new WatermarkCommit(target, { clock, ...defaults.commit, ...options }, () => {});
  const source = new ScriptedSource({}, {}, commit);
  /** What each request carried. */
  const sent = (): readonly string[] => target.requests.map(({ offsets }) => offsets.join(' '));
  return { clock, source, target, commit, sent };
}

describe('commits of what has settled', () => {
  test('carry how far a partition is settled when they are made, whatever settled how often before', async () => {
    const { clock, source, sent } = committed({ intervalMs: 1000 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 10, count: 5 });
    source.fetch({ partition: 1, from: 7, count: 2 });
    for (const offset of [10, 12, 11, 14]) source.settle(0, offset);
    source.settle(1, 8);
    await advance(clock, 1000);
    expect(sent()).toEqual(['t/0@13']);
    source.settle(1, 7);
    source.settle(0, 13);
    await advance(clock, 1000);
    expect(sent()).toEqual(['t/0@13', 't/1@9 t/0@15']);
  });

  test('count what moved: `every` moves of one partition or of several make one at once', async () => {
    const { source, sent } = committed({ every: 3 });
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 5 });
    source.fetch({ partition: 1, from: 0, count: 5 });
    source.settle(0, 0);
    source.settle(1, 0);
    // Moves nothing.
    source.settle(0, 2);
    expect(sent()).toEqual([]);
    source.settle(0, 1);
    expect(sent()).toEqual(['t/0@3 t/1@1']);
    await settle();
  });

  test('carry where the log goes on behind records that are not delivered', async () => {
    const { source, commit, sent } = committed();
    source.assign([0, 1]);
    source.fetch({ partition: 0, from: 0, count: 1, nextOffset: 40 });
    source.fetch({ partition: 1, from: 5, count: 0, nextOffset: 60 });
    await commit.flush();
    expect(sent()).toEqual(['t/1@60']);
    source.settle(0, 0);
    await commit.flush();
    expect(sent()).toEqual(['t/1@60', 't/0@40']);
  });

  test('that fail are made again with what has settled since', async () => {
    const { clock, source, target, commit, sent } = committed({ intervalMs: 1000 });
    source.assign([0]);
    source.fetch({ from: 0, count: 2 });
    source.settle(0, 0);
    target.answer(new Error('gone'));
    const flushed = commit.flush();
    await Promise.resolve();
    source.settle(0, 1);
    await flushed;
    await advance(clock, 1000);
    expect(sent()).toEqual(['t/0@1', 't/0@2']);
    expect(clock.pending).toBe(0);
  });
});

describe('an epoch that is over', () => {
  test.each([
    ['lost', 0],
    ['assigned anew', 1],
  ])('is not committed when its partition is %s with something waiting', async (_, assigned) => {
    const { source, commit, sent } = committed();
    source.assign([0]);
    source.fetch({ from: 0, count: 1 });
    source.settle(0, 0);
    if (assigned > 0) source.assign([0], 2);
    else source.lose(0);
    await commit.flush();
    expect(sent()).toEqual([]);
  });

  test('is not committed when what settles of it late moves nothing any more', async () => {
    const { source, commit, sent } = committed();
    source.assign([0]);
    source.fetch({ from: 50, count: 2 });
    source.assign([0], 2);
    source.fetch({ epoch: 2, from: 30, count: 1 });
    source.settle(0, 50);
    source.settle(0, 51);
    await commit.flush();
    expect(sent()).toEqual([]);
    source.settle(0, 30, 2);
    await commit.flush();
    expect(sent()).toEqual(['t/0@31']);
  });

  test('is not tried again, and the rest of its commit is', async () => {
    const { clock, source, target, commit, sent } = committed();
    source.assign([0, 1]);
    for (const partition of [0, 1]) source.fetch({ partition, from: 0, count: 1 });
    for (const partition of [0, 1]) source.settle(partition, 0);
    target.answer(retriable());
    const flushed = commit.flush();
    await settle();
    source.lose(0);
    await advance(clock, 100);
    await flushed;
    expect(sent()).toEqual(['t/0@1 t/1@1', 't/1@1']);
  });

  test('nor does what it could not commit wait for the next, when the partition is here again', async () => {
    const { clock, source, target, commit, sent } = committed();
    source.assign([0]);
    source.fetch({ from: 0, count: 9 });
    for (let offset = 0; offset < 9; offset++) source.settle(0, offset);
    target.hold();
    target.answer(new Error('gone'));
    const flushed = commit.flush();
    await source.turn();
    source.assign([0], 2);
    source.fetch({ epoch: 2, from: 0, count: 1 });
    source.settle(0, 0, 2);
    target.release();
    await flushed;
    await advance(clock, 60_000);
    expect(sent()).toEqual(['t/0@9', 't/0@1']);
  });
});

test('a delivery that settles twice counts once', async () => {
  const { source, commit, sent } = committed();
  source.assign([0]);
  source.onRecord = record => {
    const [delivery] = listOf(record[deliveriesOf]);
    if (record.offset !== 1 || delivery === undefined) return;
    source.settle(0, 1);
    // What a sink that releases too often comes to.
    delivery.lane.settle(delivery);
    delivery.lane.settle(delivery);
  };
  source.fetch({ from: 0, count: 3, bytes: 30 });
  const done = source.draining([0]);
  source.settle(0, 0);
  await source.turn();
  await commit.flush();
  expect([source.inFlight.unsettled, source.inFlight.pinnedBytes, sent(), done]).toEqual([
    1,
    30,
    ['t/0@2'],
    [],
  ]);
  source.settle(0, 2);
  await source.turn();
  await commit.flush();
  expect([source.inFlight.unsettled, source.inFlight.pinnedBytes, sent(), done]).toEqual([
    0,
    0,
    ['t/0@2', 't/0@3'],
    ['drained'],
  ]);
});

test('after close nothing is committed, not even by a flush', async () => {
  const { clock, source, commit, sent } = committed();
  source.assign([0]);
  source.fetch({ from: 0, count: 2 });
  source.settle(0, 0);
  commit.close();
  source.settle(0, 1);
  await commit.flush();
  await advance(clock, 60_000);
  expect([sent(), clock.pending]).toEqual([[], 0]);
});
