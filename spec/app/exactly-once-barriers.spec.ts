/** What a barrier does, and what it leaves alone: when it comes, what it hands on, and how far it commits. */
import { type App, string } from 'kafka-rx';
import { batch, filterValue, mapAsync } from 'kafka-rx/operators';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { but } from './but.js';
import { driverWith, driverWithUnits } from './driver-with.js';
import { held, Members } from './members.js';

const value = string;
const options = { guarantee: 'exactly-once', commit: { intervalMs: 100 } } as const;

const copy = (app: App): void => void app.topic('in', { value }).subscribe(app.to('left', { value }));
const joined = (app: App): void =>
  void app
    .topic('in', { value })
    .pipe(batch(records => records.map(({ value: v }) => v).join('+'), { maxWaitMs: 60_000 }))
    .subscribe(app.to('left', { value }));

test('what is gathered goes on at the barrier, and not one by one behind it', async () => {
  const members = new Members({ in: 1, left: 1 });
  const member = members.start(joined, options);
  await members.pass(500);
  for (const some of [
    ['a', 'b'],
    ['c', 'd'],
  ]) {
    members.publish('in', ...some);
    await members.pass(110);
  }
  expect(members.values('left')).toEqual(['a+b', 'c+d']);
  await members.stop(member);
});

test('of another task what is gathered waits for its own barrier', async () => {
  const members = new Members({ in: 2, left: 1 });
  const member = members.start(joined, options);
  await members.pass(500);
  members.broker.publish('in', [{ value: 'a', partition: 0 }]);
  await members.pass(60);
  members.broker.publish('in', [{ value: 'b', partition: 1 }]);
  await members.pass(50);
  members.broker.publish('in', [{ value: 'c', partition: 1 }]);
  await members.pass(60);
  expect(members.values('left')).toEqual(['a', 'b+c']);
  await members.stop(member);
});

test('a batch that is full, or has waited for long enough, is of one task', async () => {
  const members = new Members({ in: 2, left: 1 });
  const member = members.start(
    app =>
      void app
        .topic('in', { value })
        .pipe(
          batch(records => records.map(({ value: v }) => v).join('+'), { maxRecords: 2, maxWaitMs: 1_000 }),
        )
        .subscribe(app.to('left', { value })),
    { ...options, commit: { intervalMs: 5_000 } },
  );
  await members.pass(500);
  for (const v of ['a', 'b', 'c'])
    members.broker.publish(
      'in',
      [0, 1].map(partition => ({ value: `${v}${partition}`, partition })),
    );
  await members.pass(6_000);
  expect([member.outcome, members.values('left').sort()]).toEqual([
    'running',
    ['a0+b0', 'a1+b1', 'c0', 'c1'],
  ]);
  await members.stop(member);
});

test('comes by when the first record was handed out, however late that settles', async () => {
  const members = new Members({ in: 1, left: 1 });
  const call = (v: string) => new Promise<string>(resolve => members.clock.schedule(() => resolve(v), 1_000));
  const member = members.start(
    app => void app.topic('in', { value }).pipe(mapAsync(call)).subscribe(app.to('left', { value })),
    options,
  );
  await members.pass(500);
  members.publish('in', 'a');
  await members.pass(1_010);
  expect([members.values('left'), members.committed('in')]).toEqual([['a'], [1]]);
  await members.stop(member);
});

test('commits what there is no record of as well: the log goes on by an aborted transaction', async () => {
  const members = new Members({ in: 1, left: 1 });
  const member = members.start(copy, options);
  await members.pass(500);
  members.publish('in', 'a');
  await members.pass(500);
  for (const end of [4, 7]) {
    const transaction = members.broker.transaction();
    transaction.publish('in', [{ value: 'x' }, { value: 'y' }]);
    transaction.abort();
    await members.pass(500);
    expect([members.values('left'), members.committed('in')]).toEqual([['a'], [end]]);
  }
  await members.stop(member);
});

test('comes after so many records as well, whether anything is made of them or not', async () => {
  const members = new Members({ in: 1, left: 1 });
  const member = members.start(
    app =>
      void app
        .topic('in', { value })
        .pipe(filterValue(v => v.endsWith('7')))
        .subscribe(app.to('left', { value })),
    { ...options, commit: { intervalMs: 60_000, every: 10 } },
  );
  await members.pass(500);
  members.publish('in', ...Array.from({ length: 35 }, (_, i) => `r${i}`));
  await members.pass(1_000);
  const offsets = member.events.flatMap(event =>
    event.type === 'commit' ? event.result.offsets.map(({ offset }) => offset) : [],
  );
  expect([offsets, members.values('left')]).toEqual([
    [10, 20, 30],
    ['r7', 'r17', 'r27'],
  ]);
  await members.stop(member);
});

test('a commit that is not answered is a reason in health', async () => {
  const members = new Members({ in: 1, left: 1 });
  const member = members.start(copy, options);
  await members.pass(500);
  members.broker.faults.holdCommit('group', 'in/0');
  members.publish('in', 'a');
  await members.pass(8_000);
  expect(member.app.health()).toMatchObject({
    ready: false,
    reasons: [expect.stringMatching(/waits for a commit of .*'in'.* to be confirmed, for \d s/)],
  });
  members.broker.faults.decideCommit('group', 'in/0');
  await members.pass(100);
  expect(member.app.health().reasons).toEqual([]);
  await members.stop(member);
});

test('a task that is another member’s before its app hears of it is not begun anew, and ends nothing', async () => {
  const members = new Members({ in: 1, left: 1 });
  let refused = 0;
  const driver = driverWith(members, inner => ({
    consumer: (...of) => {
      const consumer = inner.consumer(...of);
      return but(consumer, {
        rewind: lanes => {
          if (refused++ === 0) throw new KafkaRxError('DRIVER', 'not assigned any more');
          return consumer.rewind(lanes);
        },
      });
    },
  }));
  const member = members.start(copy, { ...options, driver });
  await members.pass(500);
  members.broker.faults.refuseCommits(1);
  members.publish('in', 'a');
  await members.pass(1_000);
  expect([refused, member.outcome, members.values('left')]).toEqual([1, 'running', []]);
  members.broker.faults.rebalance('group');
  await members.pass(1_000);
  expect([member.outcome, members.values('left')]).toEqual(['running', ['a']]);
  await members.stop(member);
});

test('an app has ended when its units are closed, and opens none behind that', async () => {
  const members = new Members({ in: 2, left: 1 });
  const closing = held();
  let open = 0;
  const driver = driverWithUnits(members, openUnit => async (...of) => {
    const unit = await openUnit(...of);
    open++;
    let isClosed = false;
    return but(unit, {
      close: async () => {
        await closing.promise;
        if (!isClosed) open--;
        isClosed = true;
        await unit.close();
      },
    });
  });
  const member = members.start(copy, { ...options, driver });
  await members.pass(500);
  expect(open).toBe(4);
  void member.app.stop();
  await members.pass(1_000);
  expect(member.outcome).toBe('running');
  closing.resolve();
  await members.pass(1_000);
  expect([member.outcome, open]).toEqual(['done', 0]);
});
