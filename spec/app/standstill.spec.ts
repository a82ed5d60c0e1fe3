/** What nobody hands over looks like an empty input: the app says which partition stands still, since when and what to do. */
import { type App, string } from 'kafka-rx';
import { filterValue, mapValue, share } from 'kafka-rx/operators';
import { Members } from './members.js';

const value = string;
const copy = (app: App): void => {
  app.topic('in', { value }).subscribe(app.to('out', { value }));
};

describe("behind another producer's open transaction", () => {
  test('health() says where, for how long and what to do after standstillMs, and no longer once it has ended', async () => {
    const members = new Members({ in: 2, out: 1 });
    const member = members.start(copy);
    members.broker.publish('in', [{ value: 'a', partition: 0 }]);
    await members.settle();
    const transaction = members.broker.transaction();
    transaction.publish('in', [{ value: 'x', partition: 0 }]);
    members.broker.publish('in', [{ value: 'behind', partition: 0 }]);
    await members.pass(29_000);
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
    await members.pass(11_000);
    expect(member.app.health()).toEqual({
      state: 'running',
      ready: true,
      live: true,
      reasons: [
        "partition 0 of 'in' has stood still at offset 1 for 40 s: the record there is of a transaction that its producer " +
          'has not ended, and 2 offsets wait for that; find the producer with kafka-transactions.sh --bootstrap-server SERVERS describe-producers ' +
          '--topic in --partition 0, and where find-hanging --topic in --partition 0 lists the transaction, end it with ' +
          'abort --topic in --partition 0 --start-offset 1',
      ],
    });
    transaction.abort();
    await members.pass(100);
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
    expect(members.values('out')).toEqual(['a', 'behind']);
  });

  test('one that goes on within standstillMs is nobody’s trouble, however many follow each other', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy, { standstillMs: 1000 });
    for (let i = 0; i < 10; i++) {
      const transaction = members.broker.transaction();
      transaction.publish('in', [{ value: String(i) }]);
      await members.pass(900);
      expect(member.app.health().reasons).toEqual([]);
      transaction.commit();
    }
    await members.settle();
    expect(members.values('out')).toHaveLength(10);
  });

  test('standstillMs of Infinity never says so', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy, { standstillMs: Number.POSITIVE_INFINITY });
    members.broker.transaction().publish('in', [{ value: 'x' }]);
    await members.pass(600_000);
    expect(member.app.health().reasons).toEqual([]);
  });

  test('many partitions are a few sentences and a number', async () => {
    const members = new Members({ in: 10, out: 1 });
    const member = members.start(copy, { standstillMs: 1000 });
    await members.settle();
    const partitions = Array.from({ length: 10 }, (_, partition) => partition);
    members.broker.transaction().publish(
      'in',
      partitions.map(partition => ({ value: 'x', partition })),
    );
    await members.pass(2000);
    expect(member.app.health().reasons).toEqual([
      expect.stringMatching(/^partition 0 of 'in' has stood still/),
      expect.stringMatching(/^partition 1 of 'in' has stood still/),
      expect.stringMatching(/^partition 2 of 'in' has stood still/),
      'so it is with 7 other partitions',
    ]);
  });

  test('the metrics tell it from the first moment on, of each partition with its cause', async () => {
    const members = new Members({ in: 2, out: 1 });
    const member = members.start(copy);
    await members.settle();
    const transaction = members.broker.transaction();
    transaction.publish('in', [
      { value: 'x', partition: 1 },
      { value: 'y', partition: 1 },
    ]);
    await members.pass(5000);
    const samples = (name: string) => member.metrics.snapshot().get(name);
    expect(samples('kafka_rx_standstill_seconds')).toEqual([
      { labels: { topic: 'in', partition: '1', cause: 'open-transaction' }, value: 5 },
    ]);
    expect(samples('kafka_rx_undecided_records')).toEqual([
      { labels: { topic: 'in', partition: '1' }, value: 2 },
    ]);
    transaction.commit();
    await members.pass(100);
    expect(samples('kafka_rx_standstill_seconds')).toEqual([]);
    expect(samples('kafka_rx_undecided_records')).toEqual([]);
  });
});

describe('behind an open unit of work of the app itself', () => {
  /** Each record of one letter comes again with an x behind it. */
  const again = (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$
      .pipe(
        filterValue(text => text.length === 1),
        mapValue(text => `${text}x`),
      )
      .subscribe(app.to('in', { value }));
    in$.subscribe(app.to('out', { value }));
  };
  const rarely = { intervalMs: 60_000 };
  const options = { guarantee: 'exactly-once', transactionTimeoutMs: 900_000, commit: rarely } as const;

  test('it is told as what it is, with what it waits for, and nobody is to abort it', async () => {
    const members = new Members({ in: 1, out: 1 });
    const { app } = members.start(again, options);
    members.publish('in', 'a');
    await members.pass(100);
    members.publish('in', 'b');
    await members.pass(40_000);
    expect(app.health().reasons).toEqual([
      "partition 0 of 'in' has stood still at offset 1 for 40 s: the record there is of this app's own unit of work of in/0, and 2 " +
        'offsets wait for that; it is committed after commit.intervalMs (60000 ms), once all of it has settled: where that is too ' +
        'late, lower commit.intervalMs',
    ]);
    await members.pass(30_000);
    expect(app.health().reasons).toEqual([]);
    await members.pass(120_000);
    expect(members.values('out')).toEqual(['a', 'ax', 'b', 'bx']);
  });

  test('of another’s in a topic that the app writes by units it is said that those of other members end by themselves', async () => {
    const members = new Members({ in: 1, out: 1 });
    const [writes, reads] = [
      members.start(again, options),
      members.start(copy, { ...options, groupId: 'b' }),
    ];
    // Its own unit is open as well, but not there.
    members.publish('in', 'long');
    await members.pass(1_000);
    members.broker.transaction().publish('in', [{ value: 'x' }]);
    await members.pass(40_000);
    const find = 'find the producer with kafka-transactions.sh';
    const said =
      'units of work of this app, of other members too, end by themselves after commit.intervalMs (60000 ms); of others ';
    expect(writes.app.health().reasons).toEqual([expect.stringContaining(`wait for that; ${said}${find}`)]);
    expect(reads.app.health().reasons).toEqual([expect.stringContaining(`wait for that; ${find}`)]);
  });
});

test('a partition for which no broker answers is told with its coordinates, beside the connection that is lost', async () => {
  const members = new Members({ in: 1, out: 1 });
  const member = members.start(copy);
  members.publish('in', 'a');
  await members.settle();
  members.broker.faults.down();
  await members.pass(40_000);
  expect(member.app.health().reasons).toContain(
    "partition 0 of 'in' has stood still at offset 1 for 40 s: no broker answers for it; look at its leader with " +
      'kafka-topics.sh --bootstrap-server SERVERS --describe --topic in',
  );
});
