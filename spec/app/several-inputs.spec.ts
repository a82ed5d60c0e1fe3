/** Tasks of several inputs: partitions of one number of co-partitioned topics, by the time of their records. */
import { type App, type KafkaRecord, KafkaRxError, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { batch, mapAsync, mergeNamed } from 'kafka-rx/operators';
import type { Subscription } from 'rxjs';
import type { ConsumerListener } from '../../lib/drivers/port.js';
import { quietContext } from '../drivers/quiet-context.js';
import { driverWith, driverWithUnits } from './driver-with.js';
import { Members } from './members.js';
import { coPartitioned, dated, times, told, twoInputs } from './two-inputs.js';

const value = string;
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

describe.each(['at-least-once', 'exactly-once'] as const)('a task of two inputs, %s', guarantee => {
  test('takes the oldest record of either: of a backlog of many fetches none comes behind a later one', async () => {
    const { members, seen, start } = twoInputs({ guarantee });
    // One topic's thousand records are of the times in between the other's, and fetches bring 500 at most.
    for (let i = 0; i < 2_000; i++)
      members.broker.publish(i % 2 === 0 ? 'orders' : 'payments', [dated(1_000 + i)]);
    start();
    await members.pass(5_000);
    expect(seen).toHaveLength(2_000);
    expect(times(seen)).toEqual(sorted(times(seen)));
  });

  test('waits for what a codec prepares, also where that was the last of it', async () => {
    const members = new Members({ orders: 1, payments: 1 });
    const seen: string[] = [];
    const slow = {
      ...string,
      prepare: () => new Promise<void>(resolve => void members.clock.schedule(() => resolve(), 200)),
    };
    members.broker.publish('orders', [dated(1)]);
    members.broker.publish('payments', [dated(2)]);
    members.start(told(seen, { orders: { value: slow } }), { coPartitioned, guarantee });
    await members.pass(5_000);
    expect(seen).toEqual(['orders 0 1', 'payments 0 2']);
  });

  test('takes, of records of one time, that of the first topic by name', async () => {
    const { members, seen, start } = twoInputs({ guarantee });
    for (const topic of ['payments', 'orders']) members.broker.publish(topic, [dated(5), dated(5)]);
    start();
    await members.pass(1_000);
    expect(seen.map(line => line.split(' ')[0])).toEqual(['orders', 'orders', 'payments', 'payments']);
  });

  test('does not wait for an input that is at its end, and is of one partition number alone', async () => {
    const { members, seen, start } = twoInputs({ guarantee });
    start();
    await members.pass(5_000);
    members.broker.publish('orders', [dated(9), dated(8, 1)]);
    await members.settle();
    expect(seen).toEqual(expect.arrayContaining(['orders 0 9', 'orders 1 8']));
  });

  test('commits both of its inputs, each as far as it has come', async () => {
    const { members, start } = twoInputs({ guarantee });
    members.broker.publish('orders', [dated(1), dated(4)]);
    members.broker.publish('payments', [dated(2), dated(3), dated(5)]);
    const { events } = start();
    await members.pass(10_000);
    expect([members.committed('orders'), members.committed('payments')]).toEqual([
      [2, -1],
      [3, -1],
    ]);
    if (guarantee === 'at-least-once') return;
    // One commit of the task, never a part of it.
    const commits = events.filter(event => event.type === 'commit').map(({ result }) => result.offsets);
    expect(commits.filter(offsets => offsets.length === 2).length).toBeGreaterThan(0);
  });

  test('waits so long as it is told for an input at its end', async () => {
    const { members, seen, start } = twoInputs({ guarantee, maxTaskIdleMs: 3_000 });
    members.broker.publish('payments', [dated(10)]);
    start();
    await members.pass(2_000);
    expect(seen).toEqual([]);
    members.broker.publish('orders', [dated(7)]);
    await members.settle();
    // The older one came in time; then its end counts anew.
    expect(seen).toEqual(['orders 0 7']);
    await members.pass(2_900);
    expect(seen).toHaveLength(1);
    await members.pass(200);
    expect(seen).toEqual(['orders 0 7', 'payments 0 10']);
  });

  test('drains, stops and starts anew while it waits', async () => {
    const { members, seen, start } = twoInputs({ guarantee, maxTaskIdleMs: 600_000, stopDeadlineMs: 5_000 });
    const first = start();
    members.broker.publish('payments', [dated(10)]);
    await members.pass(1_000);
    const second = start();
    await members.pass(20_000);
    void first.app.stop();
    void second.app.stop();
    await members.pass(20_000);
    expect([first.outcome, second.outcome, seen]).toEqual(['done', 'done', []]);
    // Nothing of what it waited with was lost.
    members.start(told(seen), { coPartitioned, guarantee });
    await members.pass(5_000);
    expect(seen).toEqual(['payments 0 10']);
  });
});

test('with maxTaskIdleMs -1 nothing is waited for, also where more is known to be there', async () => {
  const { members, seen, start } = twoInputs({ maxTaskIdleMs: -1 });
  for (let i = 0; i < 1_200; i++) members.broker.publish(i % 2 === 0 ? 'orders' : 'payments', [dated(i)]);
  start();
  await members.pass(5_000);
  expect(seen).toHaveLength(1_200);
  expect(times(seen)).not.toEqual(sorted(times(seen)));
});

test('topics that are not put together are read each by itself', async () => {
  const { members, seen, start } = twoInputs({ coPartitioned: [], maxTaskIdleMs: 600_000 });
  start();
  members.broker.publish('payments', [dated(10)]);
  await members.pass(100);
  expect(seen).toEqual(['payments 0 10']);
});

test('an input that its task waits for is fetched, however full the intake is of others', async () => {
  const members = new Members({ orders: 1, payments: 1, others: 1 });
  const seen: string[] = [];
  const wire = (app: App): void => {
    told(seen)(app);
    // Nobody hears this one for now: what was fetched of it stays.
    heard.push(app.topic('others', { value }).subscribe(app.each(() => {})));
  };
  const heard: Subscription[] = [];
  const large = 'x'.repeat(50_000);
  for (let i = 0; i < 40; i++) members.broker.publish('others', [{ value: large }]);
  for (let i = 0; i < 1_000; i++) members.broker.publish('payments', [dated(i)]);
  for (let i = 0; i < 1_000; i++) members.broker.publish('orders', [dated(10_000 + i)]);
  const bounds = { maxQueuedBytes: 20_000, maxQueuedBytesPerPartition: 10_000 };
  const member = members.start(wire, { coPartitioned, bounds });
  await members.pass(60_000);
  expect([member.outcome, seen.length]).toEqual(['running', 2_000]);
  expect(times(seen)).toEqual(sorted(times(seen)));
});

test('an input that nobody hears any more is not read, and keeps its task from nothing', async () => {
  const members = new Members({ orders: 1, payments: 1 });
  const seen: string[] = [];
  const heard: Subscription[] = [];
  const { app } = members.start(
    own => {
      for (const topic of ['orders', 'payments']) {
        const records$ = own.topic(topic, { value });
        heard.push(
          records$.subscribe(
            own.each(record => void seen.push(`${topic} ${record.timestamp}`), { mayEnd: true }),
          ),
        );
      }
    },
    { coPartitioned, maxTaskIdleMs: 400_000 },
  );
  await members.pass(1_000);
  members.broker.publish('payments', [dated(10)]);
  await members.pass(1_000);
  expect(seen).toEqual([]);
  // Nothing of it would be handed out: there is nothing to wait for.
  heard[0]?.unsubscribe();
  await members.pass(1_000);
  expect(seen).toEqual(['payments 10']);
  members.broker.publish('orders', [dated(5)]);
  members.broker.publish('payments', [dated(11)]);
  await members.pass(1_000);
  expect(seen).toEqual(['payments 10', 'payments 11']);
  expect(app.health().reasons.join()).toContain('orders');
});

test('whoever waits long is told of the input that it waits for', async () => {
  const { members, seen, start } = twoInputs({ maxTaskIdleMs: 400_000 });
  const { app } = start();
  await members.pass(1_000);
  members.broker.publish('payments', [dated(10)]);
  await members.pass(60_000);
  expect(app.health().reasons).toEqual([
    expect.stringMatching(
      /^partition 0 of 'orders' keeps the other inputs of its task orders\+payments\/0 waiting, for \d+ s now: .*maxTaskIdleMs/,
    ),
  ]);
  expect(seen).toEqual([]);
});

describe('an open transaction of another producer in one input', () => {
  test('is its end for now: the other goes on', async () => {
    const { members, seen, start } = twoInputs();
    const open = members.broker.transaction();
    open.publish('orders', [dated(1)]);
    members.broker.publish('payments', [dated(2)]);
    start();
    await members.pass(1_000);
    expect(seen).toEqual(['payments 0 2']);
    open.commit();
    await members.pass(1_000);
    expect(seen).toEqual(['payments 0 2', 'orders 0 1']);
  });
});

describe('the time of a record', () => {
  const byValue = { timestamp: (text: string) => Number(text) };

  test('is taken from its value where the source says how, for the choice and for whatever is below', async () => {
    const { members, seen, start } = twoInputs({}, { orders: byValue });
    // By their own timestamps the orders would be first.
    members.broker.publish('orders', [
      { value: '30', timestamp: 1, partition: 0 },
      { value: '10', timestamp: 2, partition: 0 },
    ]);
    members.broker.publish('payments', [dated(20), dated(40)]);
    start();
    await members.pass(1_000);
    expect(seen).toEqual(['payments 0 20', 'orders 0 30', 'orders 0 10', 'payments 0 40']);
  });

  test('is written by sinks', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.start(app => app.topic('in', { value, ...byValue }).subscribe(app.to('out', { value })));
    members.broker.publish('in', [{ value: '1234', timestamp: 9 }]);
    await members.pass(1_000);
    expect(members.broker.records('out').map(({ timestamp }) => timestamp)).toEqual([1234]);
  });

  test.each(['-1', '1.5', 'Infinity', '9007199254740992', 'none'])(
    'is a decode problem where it is %s, by name and coordinates and without the value',
    async text => {
      const { members, seen, start } = twoInputs({}, { orders: byValue });
      members.broker.publish('orders', [{ value: text, timestamp: 5, partition: 1 }]);
      const member = start();
      await members.pass(1_000);
      expect(member.outcome).toMatchObject({
        code: 'DECODE',
        at: { topic: 'orders', partition: 1, offset: 0 },
        message: expect.stringMatching(/'orders': of the timestamp, it is no whole number/),
        remedy: expect.stringContaining('safe integer'),
      });
      expect(String(member.outcome)).not.toContain(`${text} `);
      expect(seen).toEqual([]);
    },
  );

  test('is a decode problem where the function throws or gives a promise; the policy decides', async () => {
    const functions: ((text: string) => number)[] = [
      () => {
        throw new TypeError('1234-5678-1234-1233');
      },
      (async () => 5) as unknown as (text: string) => number,
    ];
    for (const timestamp of functions) {
      const failing = twoInputs({}, { orders: { timestamp } });
      failing.members.broker.publish('orders', [dated(1)]);
      const failed = failing.start();
      await failing.members.pass(1_000);
      expect(failed.outcome).toMatchObject({ code: 'DECODE' });
      expect(String(failed.outcome)).not.toContain('1234');
      const { members, seen, start } = twoInputs({}, { orders: { timestamp, onDecodeError: 'skip' } });
      members.broker.publish('orders', [dated(1)]);
      members.broker.publish('payments', [dated(2)]);
      start();
      await members.pass(1_000);
      expect([seen, members.committed('orders')]).toEqual([['payments 0 2'], [1, -1]]);
    }
  });

  test('is a decode problem where it is further ahead of the clock than maxAheadMs', async () => {
    const { members, seen, start } = twoInputs({}, { orders: { maxAheadMs: 60_000, onDecodeError: 'skip' } });
    await members.clock.advanceAsync(1_000_000);
    const now = members.clock.now();
    members.broker.publish('orders', [dated(now + 50_000), dated(now + 70_000), dated(now)]);
    start();
    await members.pass(1_000);
    expect(times(seen)).toEqual([now + 50_000, now]);
  });
});

test('a batch holds records of one task, whatever topics they are of, and a unit that fails repeats both inputs', async () => {
  const members = new Members({ orders: 2, payments: 2, both: 1 });
  const wire = (app: App): void =>
    void mergeNamed('all', app.topic('orders', { value }), app.topic('payments', { value }))
      .pipe(
        batch((records: readonly KafkaRecord<Buffer | null, string>[]) =>
          records.map(record => `${record.topic[0]}${record.partition}:${record.value}`).join(' '),
        ),
      )
      .subscribe(app.to('both', { value }));
  const guarantee = 'exactly-once';
  const member = members.start(wire, { coPartitioned, guarantee, commit: { intervalMs: 100 } });
  await members.pass(1_000);
  for (let i = 0; i < 40; i++) {
    if (i % 7 === 3) members.broker.faults.refuseCommits(1);
    members.broker.publish('orders', [dated(4 * i), dated(4 * i + 1, 1)]);
    members.broker.publish('payments', [dated(4 * i + 2), dated(4 * i + 3, 1)]);
    await members.pass(100);
  }
  await members.pass(60_000);
  expect(member.outcome).toBe('running');
  const groups = members.values('both').map(text => text.split(' '));
  for (const group of groups) expect(new Set(group.map(one => one[1])).size).toBe(1);
  expect(groups.some(group => new Set(group.map(one => one[0])).size === 2)).toBe(true);
  for (const partition of [0, 1]) {
    const of = groups.flat().filter(one => one[1] === String(partition));
    const numbers = of.map(one => Number(one.split(':')[1]));
    // Once each, and in the order of time.
    expect(numbers).toEqual(sorted(numbers));
    expect(new Set(of).size).toBe(of.length);
    expect(of).toHaveLength(80);
  }
});

/** An embedded broker's driver that tells which units are opened; the first `failing` cannot be. */
function opening(members: Members, failing = 0) {
  const opened: string[] = [];
  const driver = driverWithUnits(members, open => async (task, ...of) => {
    opened.push(task);
    if (opened.length <= failing) throw new KafkaRxError('DRIVER', 'nobody answers', { retriable: true });
    return open(task, ...of);
  });
  return { opened, driver };
}

describe('the unit of a task of several inputs', () => {
  const guarantee = 'exactly-once';

  test('is opened once for all of them, under the name of all of them', async () => {
    const { members, seen, start } = twoInputs();
    const { opened, driver } = opening(members);
    start();
    members.start(told(seen), { coPartitioned, guarantee, driver, groupId: 'counted' });
    await members.pass(1_000);
    expect([...opened].sort()).toEqual([
      'orders+payments/0',
      'orders+payments/0/2',
      'orders+payments/1',
      'orders+payments/1/2',
    ]);
  });

  test('is opened again where it could not be', async () => {
    const members = new Members({ orders: 1, payments: 1 });
    const seen: string[] = [];
    const { driver } = opening(members, 3);
    members.start(told(seen), { coPartitioned, guarantee, driver });
    members.broker.publish('orders', [dated(1)]);
    members.broker.publish('payments', [dated(2)]);
    await members.pass(60_000);
    expect([seen, members.committed('orders'), members.committed('payments')]).toEqual([
      ['orders 0 1', 'payments 0 2'],
      [1],
      [1],
    ]);
  });

  test('is dropped where one of them is lost alone, and the others come again', async () => {
    const members = new Members({ orders: 1, payments: 1, out: 1 });
    let listener: ConsumerListener | undefined;
    const driver = driverWith(members, inner => ({
      consumer: (options, given) => {
        listener = given;
        return inner.consumer(options, given);
      },
    }));
    const wire = (app: App): void => {
      for (const topic of ['orders', 'payments'])
        app.topic(topic, { value }).subscribe(app.to('out', { value, name: `${topic} to out` }));
    };
    const member = members.start(wire, { coPartitioned, guarantee, driver, commit: { intervalMs: 2_000 } });
    await members.pass(1_000);
    members.broker.publish('orders', [dated(1), dated(3)]);
    members.broker.publish('payments', [dated(2)]);
    await members.pass(10);
    const epochs = member.events.flatMap(event => (event.type === 'assigned' ? event.partitions : []));
    const lost = epochs.filter(({ topic }) => topic === 'payments');
    listener?.lost(lost);
    await members.pass(20_000);
    expect([member.outcome, members.values('out'), members.committed('orders')]).toEqual([
      'running',
      ['1', '3'],
      [2],
    ]);
    expect(members.committed('payments')).toEqual([-1]);
  });

  test('goes on with the others where the topic of one is deleted, and with that once it is made anew', async () => {
    const members = new Members({ orders: 1, payments: 1, out: 1 });
    const wire = (app: App): void => {
      for (const topic of ['orders', 'payments'])
        app.topic(topic, { value }).subscribe(app.to('out', { value, name: `${topic} to out` }));
    };
    const member = members.start(wire, {
      coPartitioned,
      guarantee,
      commit: { intervalMs: 100 },
      discoveryMs: 1_000,
    });
    await members.pass(1_000);
    for (let i = 0; i < 30; i++) {
      if (i === 10) members.broker.deleteTopic('payments');
      if (i === 20) members.broker.createTopic('payments', 1);
      if (i < 10 || i >= 20) members.broker.publish('payments', [dated(2 * i)]);
      members.broker.publish('orders', [dated(2 * i + 1)]);
      await members.pass(370);
    }
    await members.pass(60_000);
    expect(member.outcome).toBe('running');
    const written = members.values('out').map(Number);
    const orders = Array.from({ length: 30 }, (_, i) => 2 * i + 1);
    expect(written.filter(time => time % 2 === 1)).toEqual(orders);
    const payments = written.filter(time => time % 2 === 0);
    expect(new Set(payments).size).toBe(payments.length);
    expect(payments.filter(time => time >= 40)).toEqual(Array.from({ length: 10 }, (_, i) => 40 + 2 * i));
  });
});

describe('what a killed process has left open', () => {
  test.each([
    ['is dropped', [['orders', 'payments']], 'orders+payments/0'],
    ['stays', [['orders', 'payments']], 'orders/0'],
    ['is dropped', [], 'orders/0'],
  ])(
    'keeps readers until its time is over where the tasks are others, and else until its successor begins: %s',
    async (what, groups, left) => {
      const members = new Members({ orders: 1, payments: 1, out: 1 });
      const connection = await memory({ broker: members.broker }).connect(
        quietContext('killed', members.clock),
      );
      const options = { maxRecordBytes: 1_000, deliveryTimeoutMs: 40_000, transactionTimeoutMs: 60_000 };
      const unit = await connection.unitOfWork?.(left, 'group', options);
      await unit?.prepare(['out']);
      unit?.begin();
      const listener = { acknowledged: () => {}, refused: () => {} };
      unit?.output({ topic: 'out', partition: 0 }, listener).append(null, Buffer.from('left'), [], 1);
      await members.pass(10);
      const seen: string[] = [];
      members.start(
        app => app.topic('out', { value }).subscribe(app.each(record => void seen.push(record.value))),
        { groupId: 'reader' },
      );
      members.start(
        app => {
          for (const topic of ['orders', 'payments'])
            app.topic(topic, { value }).subscribe(app.to('out', { value }));
        },
        { guarantee: 'exactly-once', coPartitioned: groups },
      );
      await members.pass(1_000);
      members.broker.publish('orders', [dated(1)]);
      await members.pass(50_000);
      expect(seen).toEqual(what === 'stays' ? [] : ['1']);
      await members.pass(15_000);
      expect(seen).toEqual(['1']);
    },
  );
});

describe.each(['mapAsync', 'app.each'] as const)('the order of a partition behind a batch: %s', by => {
  test('is kept in a task of several inputs, whichever of them the last record of a batch is of', async () => {
    const members = new Members({ payments: 1, orders: 1, out: 1 });
    const called: string[] = [];
    const slowly = async (v: string): Promise<string> => {
      await new Promise<void>(resolve => {
        members.clock.schedule(() => resolve(), v.startsWith('orders first') ? 50 : 0);
      });
      called.push(v);
      return v;
    };
    const member = members.start(
      app => {
        const batches = mergeNamed(
          'both',
          app.topic('orders', { value }),
          app.topic('payments', { value }),
        ).pipe(
          batch(records => records.map(record => record.value).join('+'), { maxRecords: 2, maxWaitMs: 10 }),
        );
        if (by === 'app.each') batches.subscribe(app.each(record => slowly(record.value)));
        else
          batches.pipe(mapAsync(slowly, { order: 'partition' })).subscribe(app.to('out', { value: string }));
      },
      { coPartitioned, guarantee: 'exactly-once', commit: { intervalMs: 100 } },
    );
    members.broker.publish('orders', [
      { value: 'orders first', timestamp: 1 },
      { value: 'orders second', timestamp: 3 },
    ]);
    members.broker.publish('payments', [{ value: 'payments first', timestamp: 2 }]);
    await members.pass(2_000);
    expect(called).toEqual(['orders first+payments first', 'orders second']);
    expect(members.values('out')).toEqual(by === 'app.each' ? [] : called);
    await members.stop(member);
  });
});
