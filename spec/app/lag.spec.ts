import { type App, string } from 'kafka-rx';
import { held, Members } from './members.js';

const value = string;
const copy = (app: App): void => {
  app.topic('in', { value }).subscribe(app.to('out', { value }));
};
const at = { topic: 'in', partition: 0 };

describe('lag', () => {
  test.each([
    [
      'an aborted transaction and its control record',
      (members: Members) => {
        const transaction = members.broker.transaction();
        transaction.publish('in', [{ value: 'never' }, { value: 'seen' }]);
        transaction.abort();
      },
    ],
    [
      'a committed transaction',
      (members: Members) => {
        const transaction = members.broker.transaction();
        transaction.publish('in', [{ value: 'x' }]);
        transaction.commit();
      },
    ],
    [
      'a compacted tail',
      (members: Members) => {
        members.publish('in', 'x', 'y', 'z');
        members.broker.punchGap(at, 2, 5);
      },
    ],
  ])('and the committed offset reach the end over %s', async (_what, tail) => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a', 'b');
    tail(members);
    const member = members.start(copy);
    await members.pass(2000);
    expect(member.metrics.value('kafka_rx_lag_records')).toBe(0);
    expect(members.committed('in')).toEqual(members.broker.endOffsets('in'));
    expect(members.values('out')).not.toContain('never');
  });

  test('an open transaction is not passed until it has ended', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy);
    await members.settle();
    const transaction = members.broker.transaction();
    transaction.publish('in', [{ value: 'x' }]);
    members.publish('in', 'behind');
    await members.pass(1000);
    expect([members.values('out'), members.committed('in')]).toEqual([[], [-1]]);
    transaction.commit();
    await members.pass(1000);
    expect(members.values('out')).toEqual(['x', 'behind']);
    expect(member.metrics.value('kafka_rx_lag_records')).toBe(0);
  });

  test('a tail does not pass a record before it that is unsettled', async () => {
    const members = new Members({ in: 1 });
    const work = held();
    members.publish('in', 'a');
    const transaction = members.broker.transaction();
    transaction.publish('in', [{ value: 'never' }]);
    transaction.abort();
    const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => work.promise)));
    await members.pass(1000);
    expect(members.committed('in')).toEqual([-1]);
    expect(member.metrics.value('kafka_rx_lag_records')).toBeGreaterThan(0);
    work.resolve();
    await members.pass(1000);
    expect(member.metrics.value('kafka_rx_lag_records')).toBe(0);
  });

  test('counts from where the group is, not from the beginning of the log', async () => {
    const members = new Members({ in: 1 });
    members.publish('in', ...Array.from({ length: 100 }, String));
    members.broker.setCommitted('group', at, 90);
    const work = held();
    const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => work.promise)));
    await members.settle();
    expect(member.metrics.value('kafka_rx_lag_records')).toBe(10);
  });

  test.each([
    ['at a bound', { maxUnsettled: 1, maxQueuedBytesPerPartition: 1 }],
    ['at the span of a partition', { maxSpan: 1, maxQueuedBytesPerPartition: 1 }],
  ])('goes on growing while the partition is paused %s', async (_where, bounds) => {
    const members = new Members({ in: 1 });
    const work = held();
    const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => work.promise)), {
      bounds,
    });
    members.publish('in', 'a', 'b');
    await members.settle();
    const lag = () => member.metrics.value('kafka_rx_lag_records');
    expect(lag()).toBe(2);
    members.publish('in', ...Array.from({ length: 50 }, String));
    await members.pass(15_000);
    members.publish('in', ...Array.from({ length: 50 }, String));
    await members.pass(15_000);
    expect(lag()).toBe(102);
    work.resolve();
    await members.pass(15_000);
    expect(lag()).toBe(0);
  });

  test('of a partition of which no fetch was ever answered is not told: nobody knows it', async () => {
    const members = new Members({ in: 2 });
    const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => {})));
    const samples = () => member.metrics.snapshot().get('kafka_rx_lag_records') ?? [];
    await members.settle();
    expect(samples().map(sample => sample.value)).toEqual([0, 0]);
    members.broker.publish('in', [{ value: 'a', partition: 0 }]);
    await members.settle();
    members.broker.faults.down();
    members.broker.publish(
      'in',
      [1, 2, 3].map(n => ({ value: `${n}`, partition: 1 })),
    );
    await members.pass(5000);
    // Of the other it is known, as of its last fetch.
    expect(samples()).toEqual([{ labels: { topic: 'in', partition: '0' }, value: 0 }]);
    members.broker.faults.up();
    await members.pass(5000);
    expect(samples().map(sample => sample.value)).toEqual([0, 0]);
  });

  test('of a source that nobody hears any more is told apart, and goes on growing', async () => {
    const members = new Members({ in: 1, other: 1 });
    let leave = (): void => {};
    const member = members.start(
      app => {
        const unheard = app.topic('in', { value }).subscribe(app.each(() => {}, { mayEnd: true }));
        app.topic('other', { value }).subscribe(app.each(() => {}));
        leave = () => unheard.unsubscribe();
      },
      { bounds: { maxQueuedBytesPerPartition: 1 } },
    );
    members.publish('in', 'a');
    members.publish('other', 'a');
    await members.settle();
    leave();
    members.publish('in', 'b');
    await members.settle();
    members.publish('in', 'c', 'd');
    await members.pass(15_000);
    const samples = (name: string) => member.metrics.snapshot().get(name);
    expect(samples('kafka_rx_lag_records')).toEqual([
      { labels: { topic: 'other', partition: '0' }, value: 0 },
    ]);
    expect(samples('kafka_rx_unread_records')).toEqual([
      { labels: { topic: 'in', partition: '0' }, value: 3 },
    ]);
  });

  test('the gap is as deep as what settled above the straggler, and as old as the straggler is at most', async () => {
    const members = new Members({ in: 1 });
    const straggler = held();
    const member = members.start(app =>
      app
        .topic('in', { value })
        .subscribe(app.each(record => (record.value === 'slow' ? straggler.promise : undefined))),
    );
    members.publish('in', 'a');
    await members.pass(60_000);
    const gap = () => [
      member.metrics.value('kafka_rx_in_flight_records'),
      member.metrics.value('kafka_rx_watermark_age_seconds'),
    ];
    expect(gap()).toEqual([0, 0]);
    members.publish('in', 'slow');
    await members.settle();
    expect(gap()).toEqual([1, 0]);
    await members.pass(3000);
    expect(gap()).toEqual([1, 3]);
    straggler.resolve();
    await members.settle();
    expect(gap()).toEqual([0, 0]);
  });
});
