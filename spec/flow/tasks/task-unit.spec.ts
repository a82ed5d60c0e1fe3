/** The units of one task over its epochs: what is opened is closed, and by whom it is had meanwhile. */
import { VirtualClock } from 'kafka-rx/testing';
import type { OutputListener, UnitOfWork } from '../../../lib/drivers/port.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';
import type { OutputChannel } from '../../../lib/flow/sinks/output-channel.js';
import type { PartitionLane, Task } from '../../../lib/flow/source/partition-lane.js';
import { TaskOf } from '../../../lib/flow/source/task.js';
import { TaskUnit } from '../../../lib/flow/tasks/task-unit.js';
import type { TaskUnitHost } from '../../../lib/flow/tasks/task-unit-host.js';
import { UnitPace } from '../../../lib/flow/tasks/unit-pace.js';
import { held } from '../../app/members.js';

const bounds = { intervalMs: 100, maxRecords: 10_000, maxUnsettled: 100, transactionTimeoutMs: 60_000 };
const refusal = new KafkaRxError('COMMIT_FAILED', 'not now', { retriable: true });

type Writable = { -readonly [K in keyof PartitionLane]: PartitionLane[K] };

/** What a task asks of a lane. */
function laneOf(epoch: number): Writable {
  const lane = {
    ...{ topic: 'in', partition: 0, epoch, opened: 0, unsettled: 0, position: -1, span: 0 },
    ...{ atBarrier: false, abandoned: false, heard: true, hasWork: false, quiet: true, outputSlot: 0 },
    watermark: { offset: -1 },
  };
  return lane as unknown as Writable;
}

function setUp() {
  const clock = new VirtualClock();
  const said: string[] = [];
  const tasks = new Map<number, Task>();
  const next = {
    open: async (_which: number) => {},
    close: async () => {},
    commit: async () => {},
    quiet: async () => {},
    goOn: () => {},
    rewind: () => {},
  };
  /** How each unit says that a record was refused. */
  const refuse: ((error: KafkaRxError) => void)[] = [];
  let number = 0;
  const host: TaskUnitHost = {
    clock,
    live: true,
    time: () => undefined,
    sessionTimeoutMs: 6_000,
    transactionalId: 'group/in%2F0',
    isOnce: true,
    states: undefined,
    open: async which => {
      const name = `${which}#${number++}`;
      said.push(`open ${name}`);
      await next.open(which);
      said.push(`opened ${name}`);
      const unit = {
        name,
        begin: () => said.push(`begin ${name}`),
        close: async () => void said.push(`closed ${name}`),
        output: (_: unknown, { refused }: OutputListener) => {
          refuse.push(error => refused(1, error));
        },
      };
      return unit as unknown as UnitOfWork;
    },
    openChannel: async producer => {
      producer.output({ topic: 'out', partition: 0 }, { acknowledged: () => {}, refused: () => {} });
      return { slot: 1, close: () => producer.close() } as unknown as OutputChannel;
    },
    closeChannel: async channel => {
      await next.close();
      await channel.close();
    },
    through: unit => ({
      commit: async offsets => {
        said.push(`commit ${(unit as unknown as { name: string }).name} at ${offsets[0]?.offset}`);
        await next.commit();
      },
    }),
    quiet: () => next.quiet(),
    goOn: () => next.goOn(),
    rewind: ({ inputs }) => {
      said.push(`rewind ${inputs.map(({ epoch }) => epoch)}`);
      next.rewind();
    },
    told: ({ error }) => void said.push(error === undefined ? 'confirmed' : `failed: ${error.code}`),
    fail: error => void said.push(`fail: ${error.code}`),
  };
  const unit = new TaskUnit(host, new UnitPace(bounds, () => 1));
  const taskOf = (epoch: number): Task => {
    const task = tasks.get(epoch);
    if (task === undefined) throw new Error(`no epoch ${epoch}`);
    return task;
  };
  const begin = (epoch: number) => {
    const lane = laneOf(epoch);
    const task = new TaskOf<PartitionLane>('in/0');
    Object.assign(lane, { task });
    task.add(lane as PartitionLane);
    tasks.set(epoch, task);
    return lane;
  };
  const end = (epoch: number) => {
    const task = taskOf(epoch);
    for (const lane of task.inputs) task.remove(lane);
    return unit.end();
  };
  const open = (epoch: number) => unit.open(taskOf(epoch)).catch((error: KafkaRxError) => error.code);
  const pass = async (ms = 0) => {
    await clock.advanceAsync(ms);
    await new Promise(setImmediate);
  };
  /** A record that was handed out, and has settled. */
  const settle = (lane: Writable) => {
    lane.opened++;
    Object.assign(lane, { position: lane.opened, watermark: { offset: lane.opened } });
    unit.handedOut();
  };
  const heard = () => said.splice(0);
  return { clock, unit, next, refuse, begin, end, open, pass, settle, heard };
}

describe('the two units of a task', () => {
  test('are opened one after the other, and take turns', async () => {
    const { begin, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    expect(heard()).toEqual(['open 0#0', 'opened 0#0', 'open 1#1', 'opened 1#1', 'begin 0#0']);
    for (const _ of [1, 2, 3]) {
      settle(lane);
      await pass(100);
    }
    expect(heard()).toEqual([
      ...['commit 0#0 at 1', 'begin 1#1', 'confirmed'],
      ...['commit 1#1 at 2', 'begin 0#0', 'confirmed'],
      ...['commit 0#0 at 3', 'begin 1#1', 'confirmed'],
    ]);
  });

  test('are none where the second cannot be opened: the first is closed', async () => {
    const { next, begin, open, heard } = setUp();
    begin(1);
    next.open = async which => {
      if (which === 1) throw refusal;
    };
    expect(await open(1)).toBe('COMMIT_FAILED');
    expect(heard()).toEqual(['open 0#0', 'opened 0#0', 'open 1#1', 'closed 0#0']);
  });

  test('are closed where the epoch was over before they were open, and begin nothing', async () => {
    const { next, begin, end, open, pass, heard } = setUp();
    begin(1);
    const opening = held();
    next.open = () => opening.promise;
    const opened = open(1);
    await pass();
    void end(1);
    opening.resolve();
    await opened;
    expect(heard()).toEqual([
      ...['open 0#0', 'opened 0#0', 'open 1#1', 'opened 1#1'],
      ...['closed 0#0', 'closed 1#1'],
    ]);
  });

  test('are not opened for an epoch that is over', async () => {
    const { begin, end, open, heard } = setUp();
    begin(1);
    await end(1);
    await open(1);
    expect(heard()).toEqual([]);
  });

  test('of the next epoch are opened when those before are closed, whoever is asked first', async () => {
    const { next, begin, end, open, pass, heard } = setUp();
    begin(1);
    await open(1);
    heard();
    const closing = held();
    next.close = () => closing.promise;
    void end(1);
    begin(2);
    const opened = open(2);
    await pass();
    expect(heard()).toEqual([]);
    closing.resolve();
    await opened;
    expect(heard().slice(0, 3)).toEqual(['closed 0#0', 'closed 1#1', 'open 0#2']);
  });

  test('of two epochs are not opened side by side', async () => {
    const { next, begin, end, open, pass, heard } = setUp();
    begin(1);
    const opening = held();
    next.open = () => opening.promise;
    const first = open(1);
    await pass();
    void end(1);
    begin(2);
    const second = open(2);
    await pass();
    expect(heard()).toEqual(['open 0#0']);
    opening.resolve();
    await Promise.all([first, second]);
    expect(heard()).toEqual([
      ...['opened 0#0', 'open 1#1', 'opened 1#1', 'closed 0#0', 'closed 1#1'],
      ...['open 0#2', 'opened 0#2', 'open 1#3', 'opened 1#3', 'begin 0#2'],
    ]);
  });
});

describe('the interval', () => {
  test.each([
    ['grows where records waited when a barrier began that was long in settling', 'before', 600],
    ['stays as asked for where they came while all of it settled', 'meanwhile', 100],
  ])('%s', async (_what, when, expectedMs) => {
    const { clock, next, begin, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    settle(lane);
    await pass(99);
    const quiet = held();
    next.quiet = () => quiet.promise;
    lane.hasWork = when === 'before';
    await pass(1);
    lane.hasWork = true;
    await pass(60);
    quiet.resolve();
    await pass();
    expect(heard().slice(-2)).toEqual(['begin 1#1', 'confirmed']);
    settle(lane);
    expect(clock.nextInMs).toBe(expectedMs);
  });
});

describe('a commit', () => {
  test('comes behind the one before it', async () => {
    const { next, begin, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    heard();
    const commit = held();
    next.commit = () => commit.promise;
    settle(lane);
    await pass(100);
    settle(lane);
    await pass(1_000);
    expect(heard()).toEqual(['commit 0#0 at 1', 'begin 1#1']);
    commit.resolve();
    await pass();
    expect(heard()).toEqual(['confirmed', 'commit 1#1 at 2', 'begin 0#0', 'confirmed']);
  });

  test('of an epoch that is over keeps the next one from nothing', async () => {
    const { unit, next, begin, end, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    const commit = held();
    next.commit = () => commit.promise;
    settle(lane);
    await pass(100);
    expect(unit.underWay?.offsets).toMatchObject([{ epoch: 1, offset: 1 }]);
    void end(1);
    expect(unit.underWay).toBeUndefined();
    const after = begin(2);
    await open(2);
    heard();
    next.commit = async () => {};
    settle(after);
    await pass(100);
    expect(heard()).toEqual(['commit 0#2 at 1', 'begin 1#3', 'confirmed']);
    commit.resolve();
    await pass();
    // Told, since it was made.
    expect(heard()).toEqual(['confirmed']);
  });

  test('that was flushed is done when the flush is, and so is one that was under way', async () => {
    const { unit, next, begin, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    heard();
    const commit = held();
    next.commit = () => commit.promise;
    settle(lane);
    await pass(100);
    settle(lane);
    let done = false;
    void unit.flush().then(() => {
      done = true;
    });
    await pass();
    expect([done, heard()]).toEqual([false, ['commit 0#0 at 1', 'begin 1#1']]);
    commit.resolve();
    await pass();
    expect([done, heard()]).toEqual([true, ['confirmed', 'commit 1#1 at 2', 'begin 0#0', 'confirmed']]);
  });

  test('that fails ends the epoch at once, and later the next time; what is asked for when it is over does nothing', async () => {
    const { clock, next, begin, end, open, pass, settle, heard } = setUp();
    next.commit = async () => {
      throw refusal;
    };
    const lane = begin(1);
    await open(1);
    settle(lane);
    await pass(100);
    await pass(1);
    expect(heard().slice(-2)).toEqual(['failed: COMMIT_FAILED', 'rewind 1']);
    await end(1);
    const after = begin(2);
    await open(2);
    // It may hold one record: its barrier is there at once.
    settle(after);
    await pass(99);
    expect(heard().at(-1)).toBe('failed: COMMIT_FAILED');
    expect(clock.nextInMs).toBe(1);
    await end(2);
    // The rewind was about to come; and whoever waits for nothing keeps no process from its end.
    expect(clock.nextInMs).toBeUndefined();
    await pass(10_000);
    expect(heard().sort()).toEqual(['closed 0#2', 'closed 1#3']);
  });

  test('that a flush finds under way does not keep what came since from being flushed', async () => {
    const { unit, next, begin, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    heard();
    const quiet = held();
    next.quiet = () => quiet.promise;
    settle(lane);
    await pass(100);
    // Once it may go on, before anybody else has a turn.
    next.goOn = () => {
      next.goOn = () => {};
      settle(lane);
    };
    let done = false;
    void unit.flush().then(() => {
      done = true;
    });
    quiet.resolve();
    await pass();
    expect([done, heard()]).toEqual([
      true,
      ['commit 0#0 at 1', 'begin 1#1', 'confirmed', 'commit 1#1 at 2', 'begin 0#0', 'confirmed'],
    ]);
    await unit.flush();
    // There is nothing more.
    expect(heard()).toEqual([]);
  });

  test('comes also of what is handed out in the moment in which the next unit begins', async () => {
    const { next, begin, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    heard();
    next.goOn = () => {
      next.goOn = () => {};
      settle(lane);
    };
    settle(lane);
    await pass(100);
    heard();
    await pass(100);
    expect(heard()).toEqual(['commit 1#1 at 2', 'begin 0#0', 'confirmed']);
  });

  test('of the next epoch comes when its own records have waited for so long', async () => {
    const { begin, end, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    settle(lane);
    await pass(60);
    await end(1);
    const after = begin(2);
    await open(2);
    heard();
    settle(after);
    await pass(99);
    expect(heard()).toEqual([]);
    await pass(1);
    expect(heard()).toEqual(['commit 0#2 at 1', 'begin 1#3', 'confirmed']);
  });
});

describe('a unit that fails', () => {
  const isStopped = (lane: Writable) => [lane.task.limit === lane.task.opened, lane.atBarrier];

  test('at its commit stops its lane, for what it hands out would be done for nothing', async () => {
    const { next, begin, open, pass, settle } = setUp();
    next.commit = async () => {
      throw refusal;
    };
    const lane = begin(1);
    await open(1);
    settle(lane);
    await pass(100);
    expect([...isStopped(lane), lane.abandoned]).toEqual([true, true, true]);
  });

  test('by what is refused stops its lane at once, and is told when the call of the driver is over', async () => {
    const { refuse, begin, open, pass, settle, heard } = setUp();
    const lane = begin(1);
    await open(1);
    settle(lane);
    expect(isStopped(lane)).toEqual([false, false]);
    heard();
    refuse[0]?.(refusal);
    expect([isStopped(lane), heard()]).toEqual([[true, true], []]);
    await pass();
    expect(heard()).toEqual(['failed: COMMIT_FAILED', 'rewind 1']);
  });

  test('of an epoch that is over is nothing to the next', async () => {
    const { refuse, begin, end, open, pass, settle, heard } = setUp();
    begin(1);
    await open(1);
    await end(1);
    const lane = begin(2);
    await open(2);
    settle(lane);
    heard();
    refuse[0]?.(refusal);
    await pass();
    expect([isStopped(lane), heard()]).toEqual([[false, false], []]);
  });

  test('by what no repetition can mend, made of options, fails the app and is not tried again', async () => {
    const { next, begin, open, pass, settle, heard } = setUp();
    next.commit = async () => {
      throw new KafkaRxError('CONFIGURATION', 'more than brokers take', {});
    };
    const lane = begin(1);
    await open(1);
    settle(lane);
    await pass(100);
    await pass(60_000);
    expect(heard().slice(-2)).toEqual(['failed: CONFIGURATION', 'fail: CONFIGURATION']);
  });
});

describe('a unit of which a record has not settled for too long', () => {
  const stall = (offset: number) =>
    new KafkaRxError('STALLED', `offset ${offset}`, { at: { topic: 'in', partition: 0, offset } });
  /** Records were handed out, and settle not. */
  const handOut = ({ unit }: { unit: TaskUnit }, lane: Writable, records: number) => {
    Object.assign(lane, { opened: lane.opened + records, unsettled: records });
    unit.handedOut();
  };

  test('is dropped at once where it holds others, and told; fewer come again', async () => {
    const set = setUp();
    const { unit, begin, open, end, pass, heard } = set;
    const lane = begin(1);
    await open(1);
    handOut(set, lane, 8);
    heard();
    expect([unit.stalled(stall(3)), lane.abandoned, heard()]).toEqual([undefined, true, ['failed: STALLED']]);
    await pass();
    expect(heard()).toEqual(['rewind 1']);
    await end(1);
    const after = begin(2);
    await open(2);
    expect(after.task.limit - after.task.opened).toBe(2);
  });

  test('is what the app fails with where it holds one, or may hold no more: by the first of those that stalled since a commit', async () => {
    const set = setUp();
    const { unit, next, begin, open, end, pass, settle, heard } = set;
    const lane = begin(1);
    await open(1);
    const other = stall(7);
    handOut(set, lane, 1);
    expect(unit.stalled(other)).toBe(other);
    Object.assign(lane, { unsettled: 0, watermark: { offset: 1 } });
    await pass(100);
    const first = stall(3);
    handOut(set, lane, 2);
    expect([unit.stalled(first), lane.abandoned]).toEqual([undefined, true]);
    next.rewind = () => void end(1);
    await pass();
    const after = begin(2);
    await open(2);
    heard();
    // A gap in the log takes a number, too.
    handOut(set, after, 2);
    expect([unit.stalled(stall(1)), after.abandoned, heard()]).toEqual([first, false, []]);
    await end(2);
    // Whoever has the task next begins anew.
    await pass();
    const another = begin(3);
    await open(3);
    settle(another);
    const own = stall(2);
    expect(unit.stalled(own)).toBe(own);
  });

  test('is not dropped for what was given up, which comes again only after a restart', async () => {
    const set = setUp();
    const { unit, begin, open } = set;
    const lane = begin(1);
    await open(1);
    handOut(set, lane, 8);
    lane.held = 1;
    const given = stall(0);
    expect([unit.stalled(given), lane.abandoned]).toEqual([given, false]);
  });
});
