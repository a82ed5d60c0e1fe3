/** Whose unit is opened when a partition is to begin, and when that is over. */
import { VirtualClock } from 'kafka-rx/testing';
import type { UnitOfWork } from '../../../lib/drivers/port.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';
import { Outputs } from '../../../lib/flow/sinks/outputs.js';
import { Lanes } from '../../../lib/flow/source/lanes.js';
import { PartitionLane, type Task } from '../../../lib/flow/source/partition-lane.js';
import { TaskOf } from '../../../lib/flow/source/task.js';
import { UnitCommit } from '../../../lib/flow/tasks/unit-commit.js';
import { held } from '../../app/members.js';

function setUp() {
  const said: string[] = [];
  const closing = held();
  const lanes = new Lanes();
  const tasks = new UnitCommit(
    {
      groupId: 'group',
      isOnce: true,
      clock: new VirtualClock(),
      bounds: { intervalMs: 100, maxRecords: 100, maxUnsettled: 100, transactionTimeoutMs: 60_000 },
      sessionTimeoutMs: 6_000,
      deliveryTimeoutMs: 40_000,
      lanes,
      outputs: new Outputs({ maxRecordBytes: 1_000, deliveryTimeoutMs: 1_000 }),
      live: () => true,
      fail: error => void said.push(error.code),
    },
    () => {},
  );
  const nothing = () => {};
  tasks.runs({
    open: async task => {
      said.push(`open ${task}`);
      const close = async () => {
        await closing.promise;
        said.push(`closed ${task}`);
      };
      return { begin: nothing, close } as unknown as UnitOfWork;
    },
    through: () => ({ commit: async () => {} }),
    quiet: async () => {},
    goOn: nothing,
    rewind: nothing,
  });
  const at = (epoch: number) => ({ topic: 'in', partition: 0, epoch });
  const assign = (epoch: number) => {
    // Nothing is handed out of it here.
    const lane = new PartitionLane(at(epoch), 0, {} as never, [], { settled: nothing });
    lanes.add([lane]);
    return lane;
  };
  return { tasks, lanes, said, closing, assign, at };
}

test('both units of a partition are opened before it begins, under names of their own', async () => {
  const { tasks, said, assign, at } = setUp();
  assign(1);
  await tasks.ready(at(1));
  expect(said).toEqual(['open in/0', 'open in/0/2']);
});

test('nothing is opened for an epoch that is over, or not known, and nothing once all is closed', async () => {
  const { tasks, said, lanes, closing, assign, at } = setUp();
  closing.resolve();
  expect(tasks.ready(at(1))).toBeUndefined();
  const lane = assign(2);
  expect(tasks.ready(at(1))).toBeUndefined();
  lane.end();
  expect(tasks.ready(at(2))).toBeUndefined();
  lanes.remove([lane]);
  assign(3);
  tasks.close();
  expect(tasks.ready(at(3))).toBeUndefined();
  expect(said).toEqual([]);
});

test('what is open is closed at the end, which has come when it is', async () => {
  const { tasks, said, closing, assign, at } = setUp();
  assign(1);
  await tasks.ready(at(1));
  said.length = 0;
  tasks.close();
  let isOver = false;
  void tasks.ended().then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  expect([isOver, said]).toEqual([false, []]);
  closing.resolve();
  await new Promise(setImmediate);
  expect([isOver, said.sort()]).toEqual([true, ['closed in/0', 'closed in/0/2']]);
});

const refused = new KafkaRxError('COMMIT_FAILED', 'no coordinator', { retriable: true });

/** Partitions of several tasks, of which a test says what has settled and how long a commit takes. */
function several(
  taskOf: (partition: number) => string,
  { maxUnsettled = 100, close = async () => {}, refuses = false } = {},
) {
  const clock = new VirtualClock();
  const lanes = new Lanes();
  const rewound: string[] = [];
  const commit = held();
  const state = { live: true };
  const tasks = new UnitCommit(
    {
      groupId: 'group',
      isOnce: true,
      clock,
      bounds: { intervalMs: 100, maxRecords: 100, maxUnsettled, transactionTimeoutMs: 60_000 },
      sessionTimeoutMs: 6_000,
      deliveryTimeoutMs: 40_000,
      lanes,
      outputs: new Outputs({ maxRecordBytes: 1_000, deliveryTimeoutMs: 1_000 }),
      live: () => state.live,
      fail: () => {},
    },
    () => {},
  );
  tasks.runs({
    // All that is asked of it here.
    open: async () => ({ begin: () => {}, close }) as unknown as UnitOfWork,
    through: () => ({ commit: () => (refuses ? Promise.reject(refused) : commit.promise) }),
    quiet: async () => {},
    goOn: () => {},
    rewind: ({ name }) => void rewound.push(name),
  });
  const made = new Map<string, Task>();
  const assign = (count: number): PartitionLane[] => {
    const all = Array.from({ length: count }, (_, partition) => {
      const task = made.get(taskOf(partition)) ?? new TaskOf<PartitionLane>(taskOf(partition));
      made.set(task.name, task);
      const at = { topic: 'in', partition, epoch: 1 };
      return new PartitionLane(at, partition, {} as never, [], { settled: () => {} }, task);
    });
    lanes.add(all);
    return all;
  };
  const handOut = (lane: PartitionLane): void => {
    lane.watermark.settle(lane.opened++, lane.opened);
    tasks.handedOut(lane);
  };
  const end = (lane: PartitionLane): void => {
    lanes.remove([lane]);
    lane.end();
    tasks.forget(lane);
  };
  return { clock, tasks, assign, handOut, end, rewound, commit, state };
}

test.each([
  [0, 1],
  [1, 0],
])(
  'of several commits that are under way the longest is told: that of %i, and not of %i',
  async (first, second) => {
    const { clock, tasks, assign, handOut } = several(String);
    const lanes = assign(2);
    await Promise.all(lanes.map(lane => tasks.ready(lane)));
    for (const partition of [first, second]) {
      for (const lane of lanes.filter(one => one.partition === partition)) handOut(lane);
      await clock.advanceAsync(150);
    }
    expect(tasks.underWay?.offsets).toMatchObject([{ partition: first }]);
  },
);

test('a flush is over when what it commits is', async () => {
  const { tasks, assign, handOut, commit } = several(String);
  const lanes = assign(1);
  for (const lane of lanes) {
    await tasks.ready(lane);
    handOut(lane);
  }
  let isOver = false;
  const flushed = tasks.flush().then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  commit.resolve();
  await flushed;
});

describe('where the epoch of one input is over', () => {
  async function ended(of: (parts: ReturnType<typeof several>) => void, lost = [0]) {
    const parts = several(() => 'both');
    const lanes = parts.assign(2);
    await Promise.all(lanes.map(lane => parts.tasks.ready(lane)));
    for (const lane of lanes) if (lost.includes(lane.partition)) parts.end(lane);
    const before = [...parts.rewound];
    of(parts);
    await parts.clock.advanceAsync(0);
    return [before, parts.rewound];
  }

  test('the others begin anew, once it is known which these are', async () => {
    expect(await ended(() => {})).toEqual([[], ['both']]);
  });

  test('nothing does where none is left, or the app has failed or closed meanwhile', async () => {
    expect(await ended(() => {}, [0, 1])).toEqual([[], []]);
    const fails = ({ state }: ReturnType<typeof several>): void => {
      state.live = false;
    };
    expect(await ended(fails)).toEqual([[], []]);
    expect(await ended(({ tasks }) => tasks.close())).toEqual([[], []]);
  });
});

test('a unit that cannot be closed keeps nobody from the end', async () => {
  const { tasks, assign } = several(String, { close: () => Promise.reject(new Error('no coordinator')) });
  await Promise.all(assign(1).map(lane => tasks.ready(lane)));
  tasks.close();
  await tasks.ended();
});

test('many tasks begin with fewer records at a time each', async () => {
  const { tasks, assign } = several(String, { maxUnsettled: 1_000 });
  const [lane, ...others] = assign(32);
  if (lane === undefined) throw new Error('one is there');
  await tasks.ready(lane);
  expect([others.length, lane.task.maxUnsettled]).toEqual([31, 64]);
});

test.each([true, false])('a task whose unit has failed begins anew where the app is live: %p', async live => {
  const { clock, tasks, assign, handOut, rewound, state } = several(String, { refuses: true });
  for (const lane of assign(1)) {
    await tasks.ready(lane);
    handOut(lane);
  }
  state.live = live;
  await clock.advanceAsync(1_000);
  expect(rewound).toEqual(live ? ['0'] : []);
});
