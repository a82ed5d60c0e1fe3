/** Partitions 0 and 1 are the inputs of one task, 2 is another: what is fetched while they wait for one another, and what ends meanwhile. */
import { records, ScriptedSource } from './scripted-source.js';

function source(bounds: ConstructorParameters<typeof ScriptedSource>[0] = {}): ScriptedSource {
  const scripted = new ScriptedSource(bounds, {}, undefined, partition => (partition < 2 ? 'both' : '2'));
  scripted.assign([0, 1, 2]);
  return scripted;
}

const end = { topic: 't', epoch: 1 } as const;

test('an input that is waited for goes on at the full bound, alone of its task, and is paused when something of it has come', async () => {
  const scripted = source({ maxQueuedBytes: 1_000 });
  scripted.fetch({ partition: 0, from: 0, count: 5, bytes: 2_000, timestamp: 7 });
  await scripted.turn();
  // What there is of the other input of its task would only lie here.
  expect(scripted.driver.splice(0)).toEqual(['pause 0', 'pause 1', 'pause 2', 'resume 1', 'resume 2']);
  scripted.fetch({ partition: 2, from: 0, count: 1, bytes: 2_000 });
  expect([scripted.driver.splice(0), scripted.takeHanded()]).toEqual([['pause 2', 'resume 2'], ['2@0']]);
  scripted.fetch({ partition: 2, from: 1, count: 1, bytes: 2_000 });
  scripted.fetch({ partition: 1, from: 0, count: 1, bytes: 100_000, timestamp: 3 });
  expect(scripted.driver).toContain('pause 1');
});

test('an input that is waited for is fetched at once, and not only when others have nothing to do', async () => {
  const scripted = source({ maxQueuedBytes: 1_000 });
  const told: string[][] = [];
  scripted.onRecord = ({ partition }) => {
    if (partition !== 2) return;
    told.push(scripted.driver.splice(0));
    scripted.fetch({ partition: 1, from: 0, count: 1, bytes: 2_000, timestamp: 9 });
    told.push(scripted.driver.splice(0));
  };
  // Both are there when the source looks.
  scripted.dispatcher.wake();
  scripted.fetch({ partition: 0, from: 0, count: 1, bytes: 2_000, timestamp: 7 });
  scripted.fetch({ partition: 2, from: 0, count: 1, bytes: 2_000 });
  await scripted.turn();
  // As soon as something of it has come, the bound is its bound, too.
  expect(told).toEqual([['pause 0', 'pause 1', 'pause 2', 'resume 1'], ['pause 1']]);
  expect(scripted.handed).toEqual(['2@0', '0@0']);
});

test('what was looked at is handed out where the other input ends, of its epoch or of its log', async () => {
  for (const ends of ['lost', 'caught up'] as const) {
    const scripted = source();
    scripted.fetch({ partition: 0, from: 0, count: 5, timestamp: 7 });
    await scripted.turn();
    expect(scripted.handed).toEqual([]);
    if (ends === 'lost') scripted.lose(1);
    else scripted.dispatcher.caughtUp({ ...end, partition: 1 });
    await scripted.turn();
    expect(scripted.handed).toEqual(records(0, 0, 5));
  }
});

test('what has come since says that an end is none any more', async () => {
  const scripted = source();
  scripted.dispatcher.caughtUp({ ...end, partition: 1 });
  scripted.fetch({ partition: 1, from: 0, count: 1, timestamp: 1, endOffset: 2 });
  scripted.fetch({ partition: 0, from: 0, count: 1, timestamp: 7 });
  scripted.dispatcher.caughtUp({ ...end, partition: 0 });
  await scripted.turn();
  expect(scripted.takeHanded()).toEqual(['1@0']);
  scripted.fetch({ partition: 1, from: 1, count: 1, timestamp: 2 });
  await scripted.turn();
  expect(scripted.takeHanded()).toEqual(['1@1']);
  scripted.dispatcher.caughtUp({ ...end, partition: 1 });
  await scripted.turn();
  expect(scripted.takeHanded()).toEqual(['0@0']);
});

test('an end of another epoch says nothing', async () => {
  const scripted = source();
  scripted.fetch({ partition: 0, from: 0, count: 1 });
  scripted.dispatcher.caughtUp({ ...end, epoch: 0, partition: 1 });
  await scripted.turn();
  expect(scripted.handed).toEqual([]);
});

test('a batch without records is no record: its task goes on waiting until it is told of the end', async () => {
  const scripted = source();
  scripted.fetch({ partition: 0, from: 0, count: 1, timestamp: 7 });
  scripted.fetch({ partition: 1, from: 0, count: 0, nextOffset: 9 });
  await scripted.turn();
  expect(scripted.handed).toEqual([]);
  scripted.dispatcher.caughtUp({ ...end, partition: 1 });
  await scripted.turn();
  expect(scripted.handed).toEqual(['0@0']);
});

test('one input at its span holds the whole task, until it settles', async () => {
  const scripted = source({ maxSpan: 2 });
  scripted.fetch({ partition: 0, from: 0, count: 4, timestamp: 1 });
  scripted.fetch({ partition: 1, from: 0, count: 1, timestamp: 5 });
  scripted.dispatcher.caughtUp({ ...end, partition: 0 });
  scripted.dispatcher.caughtUp({ ...end, partition: 1 });
  await scripted.turn();
  expect(scripted.takeHanded()).toEqual(['0@0', '0@1']);
  scripted.settle(0, 0);
  scripted.settle(0, 1);
  await scripted.turn();
  expect(scripted.takeHanded()).toEqual(['0@2', '0@3']);
  scripted.settle(0, 2);
  await scripted.turn();
  expect(scripted.takeHanded()).toEqual(['1@0']);
});

test('an input that is drained, or that nobody hears, is waited for by nobody', async () => {
  const scripted = source();
  scripted.fetch({ partition: 0, from: 0, count: 1, timestamp: 7 });
  await scripted.turn();
  scripted.draining([1]);
  await scripted.turn();
  expect(scripted.handed).toEqual(['0@0']);
});

describe('many tasks that wait for inputs, with the intake full', () => {
  const tasks = 40;
  const lanes = Array.from({ length: 2 * tasks }, (_, i) => i);
  const boundary = 100_000;
  const batchBytes = 10_000;

  /** Of each task one input has records of two times, one behind the next that the other has: each fetch leaves one batch behind. */
  function crowd(
    rounds: number,
    options: { settles?: boolean; silent?: (partition: number) => boolean } = {},
  ) {
    const { settles = true, silent = () => false } = options;
    const scripted = new ScriptedSource(
      {
        maxQueuedBytes: boundary,
        maxQueuedBytesPerPartition: 50_000,
        ...(settles ? {} : { maxUnsettled: 5 }),
      },
      {},
      undefined,
      partition => String(partition >> 1),
    );
    scripted.assign(lanes);
    if (settles) scripted.onRecord = ({ partition, offset }) => scripted.settle(partition, offset);
    const fetched = new Map<number, number>();
    let most = 0;
    const queued = () => scripted.lanes.all.reduce((sum, lane) => sum + lane.queuedBytes, 0);
    const bring = (partition: number): void => {
      const from = fetched.get(partition) ?? 0;
      if (from >= rounds) {
        scripted.dispatcher.caughtUp({ ...end, partition });
        return;
      }
      fetched.set(partition, from + 1);
      const timestamp = from * 10 + (partition % 2) * 5;
      scripted.fetch({ partition, from, count: 1, bytes: batchBytes, timestamp, endOffset: rounds });
      most = Math.max(most, queued());
    };
    /** A driver with answers for what is not paused: first of all for one input of each task. */
    const drive = (): void => {
      for (const parity of [0, 1]) {
        for (const lane of scripted.lanes.all) {
          if (lane.partition % 2 !== parity || lane.pausedAtDriver || silent(lane.partition)) continue;
          bring(lane.partition);
          scripted.clock.flush();
        }
      }
    };
    return { scripted, drive, most: () => most };
  }

  test('lay no more here than twice the common bound and what was under way, and all of them go on to their ends', () => {
    const { scripted, drive, most } = crowd(20);
    for (let i = 0; i < 4_000; i++) drive();
    expect(scripted.handed).toHaveLength(2 * tasks * 20);
    expect(most()).toBeLessThanOrEqual(2 * boundary + 3 * (batchBytes + 512));
  });

  test('do so where one that is fetched above the bound is not answered', () => {
    const dead = 4;
    const { scripted, drive, most } = crowd(20, { silent: partition => partition === dead });
    for (let i = 0; i < 4_000; i++) {
      drive();
      scripted.clock.advance(50);
    }
    // That task has handed out what comes before the first record of the input that nobody answers for: nothing.
    expect(scripted.handed).toHaveLength(2 * (tasks - 1) * 20);
    expect(most()).toBeLessThanOrEqual(2 * boundary + 3 * (batchBytes + 512));
  });

  test('are fetched one by one while nothing settles, and not at all before that was handed out', () => {
    const { scripted, drive, most } = crowd(20, { settles: false });
    for (let i = 0; i < 200; i++) drive();
    expect(scripted.handed.length).toBeLessThanOrEqual(5);
    expect(most()).toBeLessThanOrEqual(2 * boundary + 3 * (batchBytes + 512));
  });
});
