/** An app under exactly once, on the embedded broker: what readers of committed records see, whatever happens to the app. */
import { type App, KafkaRxError, string } from 'kafka-rx';
import { batch, mapAsync, mapValue, share } from 'kafka-rx/operators';
import { but } from './but.js';
import { copyingGood } from './copying-good.js';
import { driverWith, driverWithUnits } from './driver-with.js';
import { held, Members } from './members.js';

const value = string;

const options = {
  guarantee: 'exactly-once',
  commit: { intervalMs: 100 },
} as const;

/** Each record goes to `left` and, in capitals, to `right`. */
function bothWays(app: App): void {
  const in$ = app.topic('in', { value }).pipe(share());
  in$.subscribe(app.to('left', { value, key: string, keyBy: v => v }));
  in$.pipe(mapValue(v => v.toUpperCase())).subscribe(app.to('right', { value, key: string, keyBy: v => v }));
}

const cluster = (partitions = 1) => new Members({ in: partitions, left: 1, right: 1, letters: 1 });

test('outputs are seen at the commit, together with it', async () => {
  const members = cluster();
  const member = members.start(bothWays, options);
  await members.pass(500);
  members.publish('in', 'a', 'b');
  await members.pass(50);
  expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([[], [], [-1]]);
  await members.pass(200);
  expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([
    ['a', 'b'],
    ['A', 'B'],
    [2],
  ]);
  members.publish('in', 'c');
  await members.pass(300);
  expect([members.values('left'), members.committed('in')]).toEqual([['a', 'b', 'c'], [3]]);
  await members.stop(member);
  expect(member.outcome).toBe('done');
});

test('a stop commits what is under way', async () => {
  const members = cluster();
  const member = members.start(bothWays, { ...options, commit: { intervalMs: 60_000 } });
  await members.pass(500);
  members.publish('in', 'a', 'b');
  await members.pass(500);
  expect(members.values('left')).toEqual([]);
  await members.stop(member);
  expect([member.outcome, members.values('right'), members.committed('in')]).toEqual([
    'done',
    ['A', 'B'],
    [2],
  ]);
});

test('what an app that fails had written is seen by nobody, and comes again once', async () => {
  const members = cluster();
  let fail = true;
  const wire = (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.to('left', { value }));
    in$
      .pipe(
        mapValue(v => {
          if (fail && v === 'c') throw new Error('broken');
          return v.toUpperCase();
        }),
      )
      .subscribe(app.to('right', { value }));
  };
  const first = members.start(wire, { ...options, commit: { intervalMs: 10_000 } });
  await members.pass(500);
  members.publish('in', 'a', 'b', 'c', 'd');
  await members.pass(40_000);
  expect(first.outcome).toMatchObject({ code: 'PROCESS' });
  expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([[], [], [-1]]);
  fail = false;
  const second = members.start(wire, options);
  await members.pass(40_000);
  expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([
    ['a', 'b', 'c', 'd'],
    ['A', 'B', 'C', 'D'],
    [4],
  ]);
  await members.stop(second);
});

test('a dead letter is written with the unit of its record', async () => {
  const members = cluster();
  const member = members.start(
    copyingGood('left', v => v === 'b'),
    {
      ...options,
      policies: { process: 'dead-letter' },
      deadLetters: { topic: 'letters', limit: 'none' },
    },
  );
  await members.pass(500);
  members.publish('in', 'a', 'b', 'c');
  await members.pass(50);
  expect(members.broker.records('letters').length).toBe(0);
  await members.pass(300);
  expect([members.values('left'), members.broker.records('letters').length, members.committed('in')]).toEqual(
    [['a', 'c'], 1, [3]],
  );
  await members.stop(member);
});

test('a unit that fails is dropped, and its records come again once', async () => {
  const members = cluster();
  const member = members.start(bothWays, options);
  await members.pass(500);
  members.publish('in', 'a', 'b');
  members.broker.faults.refuseCommits(1);
  await members.pass(5_000);
  members.publish('in', 'c');
  await members.pass(1_000);
  expect([member.outcome, members.values('left'), members.values('right'), members.committed('in')]).toEqual([
    'running',
    ['a', 'b', 'c'],
    ['A', 'B', 'C'],
    [3],
  ]);
  await members.stop(member);
});

test('what is gathered or called at a barrier is in its unit', async () => {
  const members = cluster();
  const call = held<void>();
  const wire = (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$
      .pipe(
        batch(records => records.map(record => record.value).join('+'), {
          maxRecords: 100,
          maxWaitMs: 60_000,
        }),
      )
      .subscribe(app.to('left', { value }));
    in$.pipe(mapAsync(v => call.promise.then(() => v))).subscribe(app.to('right', { value }));
  };
  const member = members.start(wire, options);
  await members.pass(500);
  members.publish('in', 'a', 'b');
  await members.pass(1_000);
  expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([[], [], [-1]]);
  call.resolve();
  await members.pass(1_000);
  expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([
    ['a+b'],
    ['a', 'b'],
    [2],
  ]);
  await members.stop(member);
});

test('over rebalances nothing is lost and nothing comes twice', async () => {
  const members = cluster(4);
  const started = [members.start(bothWays, options)];
  await members.pass(500);
  let n = 0;
  const publish = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++, n++) {
      members.broker.publish('in', [{ value: `r${n}`, partition: n % 4 }]);
      await members.pass(7);
    }
  };
  await publish(50);
  started.push(members.start(bothWays, options));
  await publish(100);
  started.push(members.start(bothWays, options));
  await publish(100);
  const [first] = started;
  if (first !== undefined) void first.app.stop();
  await publish(100);
  members.broker.faults.rebalance('group');
  await publish(100);
  await members.pass(120_000);
  const all = Array.from({ length: n }, (_, i) => `r${i}`).sort();
  expect(members.values('left').sort()).toEqual(all);
  expect(members.values('right').sort()).toEqual(all.map(v => v.toUpperCase()).sort());
  expect(members.committed('in').reduce((sum, offset) => sum + offset, 0)).toBe(n);
  for (const member of started.slice(1)) await members.stop(member);
  expect(started.map(member => member.outcome)).toEqual(['done', 'done', 'done']);
});

const tooLarge = new KafkaRxError('PRODUCE', 'the topic takes no record of that size', {});

/** What is marked goes to a partition that refuses all it gets. */
const poisonous = (app: App): void =>
  void app
    .topic('in', { value })
    .subscribe(app.to('wide', { value, partition: ({ value: v }) => (v.startsWith('x') ? 1 : 0) }));

test.each(['skip', 'dead-letter'] as const)(
  'a record that the brokers refuse is alone at last, and gets its policy: %s',
  async policy => {
    const members = cluster();
    members.broker.createTopic('wide', 2);
    members.broker.faults.failProduce(Number.POSITIVE_INFINITY, tooLarge, { topic: 'wide', partition: 1 });
    const member = members.start(poisonous, {
      ...options,
      policies: { produce: policy },
      deadLetters: { topic: 'letters', limit: 'none' },
    });
    await members.pass(500);
    members.publish('in', ...Array.from({ length: 200 }, (_, i) => (i % 50 === 7 ? `x${i}` : `r${i}`)));
    await members.pass(60_000);
    const expected = Array.from({ length: 200 }, (_, i) => `r${i}`).filter((_, i) => i % 50 !== 7);
    expect([member.outcome, members.committed('in')]).toEqual(['running', [200]]);
    expect(members.values('wide')).toEqual(expected);
    expect(members.broker.records('letters').length).toBe(policy === 'skip' ? 0 : 4);
    await members.stop(member);
  },
);

test('units that are refused, one after the other and while nothing is committed, are each given up in their time', async () => {
  const members = cluster();
  const member = members.start(bothWays, options);
  await members.pass(500);
  members.broker.faults.failProduce(3, tooLarge, { topic: 'left', partition: 0 });
  members.publish('in', ...Array.from({ length: 200 }, (_, i) => `r${i}`));
  await members.pass(5_000);
  expect([member.outcome, members.committed('in')]).toEqual(['running', [200]]);
  expect(members.values('left')).toEqual(Array.from({ length: 200 }, (_, i) => `r${i}`));
  await members.stop(member);
});

test('a unit of one record that nothing mends fails the app by name', async () => {
  const members = cluster();
  members.broker.createTopic('wide', 2);
  members.broker.faults.failProduce(Number.POSITIVE_INFINITY, tooLarge, { topic: 'wide', partition: 1 });
  const member = members.start(poisonous, options);
  await members.pass(500);
  members.publish('in', 'a', 'x', 'b');
  await members.pass(120_000);
  expect(String(member.outcome)).toMatch(/could not write: the topic takes no record of that size.*offset 1/);
  expect([members.values('wide'), members.committed('in')]).toEqual([['a'], [1]]);
});

test('a member that the group has gone on without adds nothing', async () => {
  const members = cluster();
  const zombie = members.start(bothWays, options);
  await members.pass(500);
  const [id = ''] = members.memberIds();
  members.publish('in', 'a');
  await members.pass(10);
  members.broker.faults.silence(id);
  const other = members.start(bothWays, options);
  await members.pass(120_000);
  members.publish('in', 'b');
  members.broker.faults.endSilence(id);
  await members.pass(120_000);
  expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([
    ['a', 'b'],
    ['A', 'B'],
    [2],
  ]);
  expect([zombie.outcome, other.outcome]).toEqual(['running', 'running']);
  await members.stop(zombie);
  await members.stop(other);
});

test('another program that takes the transactional id again and again fails the app by name', async () => {
  const members = cluster();
  const member = members.start(bothWays, { ...options, sessionTimeoutMs: 6_000 });
  await members.pass(500);
  members.publish('in', 'a');
  await members.pass(10);
  for (const unit of ['in/0', 'in/0/2']) members.broker.faults.fence('group', unit);
  await members.pass(20_000);
  expect([member.outcome, members.values('left'), members.committed('in')]).toEqual(['running', ['a'], [1]]);
  members.publish('in', 'b');
  await members.pass(10);
  for (const unit of ['in/0', 'in/0/2']) members.broker.faults.fence('group', unit);
  await members.pass(60_000);
  expect(member.outcome).toMatchObject({ code: 'COMMIT_REFUSED' });
  expect([members.values('left'), members.committed('in')]).toEqual([['a'], [1]]);
});

test('a commit that is decided late is waited for: nothing comes twice', async () => {
  const members = cluster();
  members.start(bothWays, { ...options, sessionTimeoutMs: 6_000 });
  await members.pass(500);
  const [id = ''] = members.memberIds();
  members.broker.faults.holdCommit('group', 'in/0');
  members.publish('in', 'a', 'b');
  await members.pass(200);
  members.broker.faults.crash(id);
  const other = members.start(bothWays, options);
  await members.pass(20_000);
  expect(members.values('left')).toEqual([]);
  members.broker.faults.decideCommit('group', 'in/0');
  await members.pass(20_000);
  members.publish('in', 'c');
  await members.pass(2_000);
  expect([members.values('left'), members.values('right'), members.committed('in')]).toEqual([
    ['a', 'b', 'c'],
    ['A', 'B', 'C'],
    [3],
  ]);
  await members.stop(other);
});

test('a record that is handed out in one step with a gap before it, at which the barrier begins, is committed', async () => {
  const members = cluster();
  const call = held<void>();
  const member = members.start(
    app =>
      void app
        .topic('in', { value })
        .pipe(mapAsync(async v => (v === 'a' ? call.promise.then(() => v) : v)))
        .subscribe(app.to('left', { value })),
    { ...options, commit: { intervalMs: 100, every: 1 } },
  );
  await members.pass(500);
  const transaction = members.broker.transaction();
  transaction.publish('in', [{ value: 'a' }]);
  transaction.commit();
  await members.pass(50);
  // Behind the transaction's own record, in a batch of its own, while the unit waits for the call.
  members.publish('in', 'b', 'c');
  await members.pass(50);
  call.resolve();
  await members.pass(60_000);
  expect([member.outcome, members.values('left'), members.committed('in')]).toEqual([
    'running',
    ['a', 'b', 'c'],
    [4],
  ]);
  await members.stop(member);
});

test('a driver without transactions is refused by name', async () => {
  const members = cluster();
  const driver = driverWith(members, () => ({ unitOfWork: undefined }));
  const member = members.start(bothWays, { ...options, driver });
  await members.pass(2_000);
  expect(member.outcome).toMatchObject({ code: 'CONFIGURATION' });
  expect(String(member.outcome)).toContain("guarantee 'exactly-once' needs transactions");
});

test('a member that is late to open a unit takes it from its owner for a moment: the owner goes on', async () => {
  const members = cluster();
  const late = held();
  let opening = 0;
  // Stopped between the word of the group and what it asks of the brokers next.
  const driver = driverWithUnits(members, open => async (...of) => {
    opening++;
    await late.promise;
    return open(...of);
  });
  const zombie = members.start(bothWays, { ...options, driver, sessionTimeoutMs: 6_000 });
  await members.pass(500);
  expect(opening).toBe(1);
  const [id = ''] = members.memberIds();
  members.broker.faults.silence(id);
  const owner = members.start(bothWays, { ...options, sessionTimeoutMs: 6_000 });
  await members.pass(20_000);
  members.publish('in', 'a');
  await members.pass(1_000);
  expect(members.values('left')).toEqual(['a']);
  late.resolve();
  await members.pass(1_000);
  members.publish('in', 'b');
  await members.pass(30_000);
  expect([owner.outcome, members.values('left'), members.values('right'), members.committed('in')]).toEqual([
    'running',
    ['a', 'b'],
    ['A', 'B'],
    [2],
  ]);
  members.broker.faults.endSilence(id);
  await members.pass(30_000);
  await members.stop(zombie);
  await members.stop(owner);
});

test('a member that its group has not confirmed opens no unit, though its own has failed: it may be another’s', async () => {
  const members = cluster();
  let opened = 0;
  let failing = false;
  const driver = driverWithUnits(members, open => async (...of) => {
    opened++;
    const unit = await open(...of);
    return but(unit, {
      commit: async offsets => {
        if (failing) throw new KafkaRxError('COMMIT_FAILED', 'no answer', { retriable: true });
        return unit.commit(offsets);
      },
    });
  });
  // Taken while it is confirmed, committed when it is not any more.
  const slowly = { ...options, commit: { intervalMs: 1_000 } };
  const zombie = members.start(bothWays, { ...slowly, driver, sessionTimeoutMs: 6_000 });
  await members.pass(500);
  const [id = ''] = members.memberIds();
  members.broker.faults.silence(id);
  const owner = members.start(bothWays, { ...options, sessionTimeoutMs: 6_000 });
  await members.pass(5_000);
  failing = true;
  const before = opened;
  members.publish('in', 'a');
  await members.pass(30_000);
  expect(opened).toBe(before);
  members.publish('in', 'b');
  await members.pass(1_000);
  const failed = owner.events.filter(event => event.type === 'commit' && event.result.error !== undefined);
  expect([failed, members.values('left'), members.committed('in')]).toEqual([[], ['a', 'b'], [2]]);
  failing = false;
  members.broker.faults.endSilence(id);
  await members.pass(30_000);
  await members.stop(zombie);
  await members.stop(owner);
});
