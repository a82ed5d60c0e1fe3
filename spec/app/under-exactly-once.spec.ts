/** What an app under exactly once refuses, what it says at its start, and what it tells while its units fail. */
import {
  type App,
  type AppOptions,
  createApp,
  type KafkaRecord,
  KafkaRxError,
  type Logger,
  memoryStore,
  silentLogger,
  string,
} from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { batch, mergeNamed } from 'kafka-rx/operators';
import type { Observable } from 'rxjs';
import { operatorObservable } from '../../lib/app/topology/topology-observable.js';
import { emit, lease, release } from '../../lib/flow/leases/leases.js';
import { madeOf } from '../../lib/record/record.js';
import { held, Members } from './members.js';

const value = string;
const options = { guarantee: 'exactly-once', commit: { intervalMs: 100 } } as const;

describe('timeouts that the brokers would not wait for are refused, by both names', () => {
  const create = (more: Partial<AppOptions>) => () =>
    createApp({ groupId: 'g', driver: memory(), guarantee: 'exactly-once', ...more });

  test.each<[string, Partial<AppOptions>, string, string]>([
    ['stallTimeoutMs', { stallTimeoutMs: 48_001 }, 'four fifths', '60002'],
    ['stallTimeoutMs', { stallTimeoutMs: 20_000, transactionTimeoutMs: 20_000 }, 'four fifths', '25000'],
    ['producer.deliveryTimeoutMs', { producer: { deliveryTimeoutMs: 120_000 } }, 'two thirds', '180000'],
    ['producer.deliveryTimeoutMs', { producer: { deliveryTimeoutMs: 40_001 } }, 'two thirds', '60002'],
  ])('%s of %p', (name, more, share, enough) => {
    expect(create(more)).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringMatching(
          `^createApp: .* ${name} can be .*${share} of transactionTimeoutMs.*${enough}`,
        ),
      }),
    );
    // With what the remedy says it is taken.
    expect(create({ ...more, transactionTimeoutMs: Number(enough) })).not.toThrow();
    expect(create({ ...more, guarantee: 'at-least-once' })).not.toThrow();
  });

  test('Infinity, for which no transaction is long enough: it is not said to raise one', () => {
    expect(create({ stallTimeoutMs: Number.POSITIVE_INFINITY })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringMatching(/Lower it, or leave it out/),
      }),
    );
  });

  test.each<Partial<AppOptions>>([{ stallTimeoutMs: 48_000, producer: { deliveryTimeoutMs: 40_000 } }, {}])(
    'not %p',
    more => expect(create(more)).not.toThrow(),
  );
});

test('a record that has not settled is told after a tenth of what it may take, and fails the app in time', async () => {
  const members = new Members({ in: 1 });
  const work = held();
  const member = members.start(
    app => app.topic('in', { value }).subscribe(app.each(() => work.promise)),
    options,
  );
  await members.pass(500);
  members.publish('in', 'a');
  await members.pass(6_000);
  expect(member.app.health().reasons).toEqual([expect.stringMatching(/offset 0 has not settled for \d s/)]);
  await members.pass(100_000);
  expect(member.outcome).toMatchObject({ code: 'STALLED' });
  expect(String(member.outcome)).toContain('or raise transactionTimeoutMs');
});

function loggedAtStart(wire: (app: App) => void, more: Partial<AppOptions>) {
  const lines: string[] = [];
  const logger: Logger = { ...silentLogger, info: (_, message) => void lines.push(message) };
  const members = new Members({ in: 1, out: 1 });
  members.start(wire, { ...options, ...more, logger });
  return lines.filter(line => line.includes('at least once'));
}

test('sinks that are not topics are said at the start to be at least once, in one line', () => {
  const wire = (app: App): void => {
    const in$ = app.topic('in', { value });
    in$.subscribe(app.to('out', { value }));
    in$.subscribe(app.watch(() => {}));
    in$.subscribe(app.store(memoryStore('history')));
    in$.subscribe(app.each(() => {}, { name: 'notify' }));
  };
  expect(loggedAtStart(wire, {})).toEqual([expect.stringContaining("'history', 'notify'")]);
  expect(loggedAtStart(wire, { guarantee: 'at-least-once' })).toEqual([]);
  const topicsAlone = (app: App): void => void app.topic('in', { value }).subscribe(app.to('out', { value }));
  expect(loggedAtStart(topicsAlone, {})).toEqual([]);
});

type Text = KafkaRecord<Buffer | null, string>;

/** A combination of somebody's own: one of every two records, whatever tasks they are of. */
function pairs(source: Observable<Text>): Observable<Text> {
  return operatorObservable<Text>({ name: 'pairs' }, [source], (subscriber, node) => {
    let waiting: Text | undefined;
    subscriber.add(
      source.subscribe(record => {
        if (!lease(record, node)) return;
        const first = waiting;
        waiting = first === undefined ? record : undefined;
        if (first === undefined) return;
        emit(subscriber, madeOf([first, record], `${first.value}+${record.value}`));
        for (const one of [first, record]) release(one);
      }),
    );
  });
}

describe('a record made of records of several tasks', () => {
  const wire = (app: App): void =>
    void pairs(app.topic('in', { value })).subscribe(app.to('out', { value, name: 'pairs to out' }));

  test('fails the app by name, and nothing of it is committed', async () => {
    const members = new Members({ in: 2, out: 1 });
    const member = members.start(wire, options);
    await members.pass(500);
    members.broker.publish('in', [{ value: 'a', partition: 0 }]);
    members.broker.publish('in', [{ value: 'b', partition: 1 }]);
    await members.pass(60_000);
    expect(member.outcome).toMatchObject({
      code: 'SEVERAL_TASKS',
      at: { topic: 'in', partition: 1, offset: 0 },
    });
    expect(String(member.outcome)).toContain("'pairs to out'");
    expect([members.values('out'), members.committed('in')]).toEqual([[], [-1, -1]]);
  });

  test('is taken where all are of one task, and at least once', async () => {
    for (const more of [options, {}]) {
      const members = new Members({ in: 2, out: 1 });
      const member = members.start(wire, more);
      await members.pass(500);
      const partition = more === options ? 0 : 1;
      members.broker.publish('in', [{ value: 'a', partition: 0 }]);
      members.broker.publish('in', [{ value: 'b', partition }]);
      await members.pass(1_000);
      expect([member.outcome, members.values('out')]).toEqual(['running', ['a+b']]);
    }
  });
});

describe('co-partitioned topics', () => {
  const coPartitioned = [['orders', 'payments']];

  test('of one number are one task: a batch holds records of both, and of no other; a payment is joined once, whatever fails', async () => {
    const members = new Members({ orders: 2, payments: 2, joined: 1, sums: 1 });
    const wire = (app: App): void => {
      const known = new Set<string>();
      const orders$ = app.topic('orders', { value });
      const payments$ = app.topic('payments', { value });
      orders$.subscribe(app.each(({ value: id }) => void known.add(id)));
      payments$.subscribe(
        app.to('joined', { value: { ...string, encode: id => string.encode(`${id} ${known.has(id)}`) } }),
      );
      mergeNamed('both', orders$, payments$)
        .pipe(
          batch(records =>
            [...new Set(records.map(({ topic, partition }) => `${topic} ${partition}`))].join(),
          ),
        )
        .subscribe(app.to('sums', { value }));
    };
    const started = [members.start(wire, { ...options, coPartitioned })];
    await members.pass(500);
    for (let i = 0; i < 40; i++) {
      members.broker.publish('orders', [{ value: `o${i}`, partition: i % 2 }]);
      await members.pass(150);
      if (i % 5 === 0) members.broker.faults.refuseCommits(1);
      if (i === 20) started.push(members.start(wire, { ...options, coPartitioned }));
      members.broker.publish('payments', [{ value: `o${i}`, partition: i % 2 }]);
      await members.pass(i === 20 ? 10_000 : 150);
    }
    await members.pass(60_000);
    expect(started.map(({ outcome }) => outcome)).toEqual(['running', 'running']);
    // In the order of time, over both partitions.
    expect(
      members
        .values('joined')
        .map(joined => joined.split(' ')[0])
        .sort(),
    ).toEqual(Array.from({ length: 40 }, (_, i) => `o${i}`).sort());
    for (const sum of members.values('sums'))
      expect(new Set(sum.split(',').map(one => one.split(' ')[1])).size).toBe(1);
    for (const { app } of started) {
      const numbers = app.health();
      expect(numbers.live).toBe(true);
    }
  });
});

describe('units that fail', () => {
  const copy = (app: App): void => void app.topic('in', { value }).subscribe(app.to('out', { value }));
  const failed = (member: { readonly events: readonly { readonly type: string }[] }) =>
    member.events.flatMap(event => {
      const { result } = event as { result?: { offsets: unknown; error?: KafkaRxError } };
      return result?.error === undefined ? [] : [{ code: result.error.code, offsets: result.offsets }];
    });

  test('at their commit: each is an event with its error; again and again it is a reason in health, until one passes', async () => {
    const members = new Members({ in: 2, out: 1 });
    const member = members.start(copy, options);
    await members.pass(500);
    members.broker.faults.refuseCommits(
      4,
      new KafkaRxError('COMMIT_FAILED', 'no coordinator', { retriable: true }),
    );
    members.broker.publish('in', [{ value: 'a', partition: 1 }]);
    // The second comes at once, and the others some time after one another.
    await members.pass(150);
    expect(failed(member).length).toBe(2);
    expect(member.app.health()).toMatchObject({
      ready: true,
      reasons: [
        expect.stringMatching(
          /^partition 1 of 'in' repeats its records: 2 units of work failed .*: no coordinator/,
        ),
      ],
    });
    await members.pass(5_000);
    expect([failed(member).length, member.app.health().reasons, members.values('out')]).toEqual([
      4,
      [],
      ['a'],
    ]);
    expect(member.metrics.value('kafka_rx_commits_total', { outcome: 'COMMIT_FAILED' })).toBe(4);
    expect(member.metrics.value('kafka_rx_commits_total', { outcome: 'confirmed' })).toBe(1);
  });

  test('of one task stay a reason while the commits of others pass', async () => {
    const members = new Members({ in: 2, out: 2 });
    const wire = (app: App): void =>
      void app
        .topic('in', { value })
        .subscribe(app.to('out', { value, partition: ({ partition }) => partition }));
    const refusal = new KafkaRxError('PRODUCE', 'not enough replicas', { retriable: true });
    members.broker.faults.failProduce(Number.POSITIVE_INFINITY, refusal, { topic: 'out', partition: 1 });
    const member = members.start(wire, { ...options, producer: { deliveryTimeoutMs: 3_000 } });
    await members.pass(500);
    members.broker.publish(
      'in',
      Array.from({ length: 200 }, () => ({ value: 'a', partition: 1 })),
    );
    await members.pass(4_000);
    // One that is dropped is no reason yet.
    const { reasons } = member.app.health();
    expect([failed(member).length, reasons.filter(reason => reason.includes('repeats'))]).toEqual([1, []]);
    await members.pass(3_000);
    let told = 0;
    for (let i = 0; i < 20; i++) {
      members.broker.publish('in', [{ value: 'b', partition: 0 }]);
      await members.pass(100);
      const { reasons } = member.app.health();
      if (reasons.some(reason => /partition 1 of 'in' repeats .*not acknowledged/.test(reason))) told++;
      expect(reasons.join()).not.toContain('partition 0');
    }
    expect(told).toBeGreaterThan(15);
    expect(new Set(members.values('out'))).toEqual(new Set(['b']));
  });

  test('by what a broker refuses: each is an event with its error, and counted', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy, options);
    await members.pass(500);
    const refusal = new KafkaRxError('PRODUCE', 'the topic takes no such record');
    members.broker.faults.failProduce(1, refusal, { topic: 'out', partition: 0 });
    members.publish('in', 'a', 'b');
    await members.pass(2_000);
    expect(members.values('out')).toEqual(['a', 'b']);
    expect(failed(member)).toEqual([
      { code: 'PRODUCE', offsets: [{ topic: 'in', partition: 0, epoch: expect.any(Number), offset: 2 }] },
    ]);
    expect(member.metrics.value('kafka_rx_commits_total', { outcome: 'PRODUCE' })).toBe(1);
  });

  test('since somebody else has opened the unit: health says whom it waits for', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy, { ...options, sessionTimeoutMs: 6_000 });
    await members.pass(500);
    members.publish('in', 'a');
    await members.pass(10);
    members.broker.faults.fence('group', 'in/0');
    await members.pass(2_000);
    expect(member.app.health().reasons).toEqual([
      expect.stringMatching(
        /^partition 0 of 'in' waits for the group to say who has it: somebody else has opened its unit/,
      ),
    ]);
  });
});
