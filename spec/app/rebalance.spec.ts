import { type App, KafkaRxError, string } from 'kafka-rx';
import { share } from 'rxjs';
import type { ConsumerListener, OffsetCommit } from '../../lib/drivers/port.js';
import { but } from './but.js';
import { driverWith } from './driver-with.js';
import { held, Members } from './members.js';

const value = string;
const copy = (app: App): void => {
  app.topic('in', { value }).subscribe(app.to('out', { value }));
};
const sorted = (values: readonly string[]): string[] => [...values].sort((a, b) => Number(a) - Number(b));
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('a rebalance', () => {
  test('by members that come and go under steady load loses nothing and writes nothing twice', async () => {
    const members = new Members({ in: 8, out: 3 });
    members.broker.faults.delayAcknowledgements(7);
    const first = members.start(copy);
    let published = 0;
    const load = async (ms: number) => {
      for (let i = 0; i < ms; i++) {
        members.publish('in', String(published++), String(published++));
        await members.pass(1);
      }
    };
    await load(50);
    const second = members.start(copy);
    await load(100);
    const third = members.start(copy);
    await load(100);
    void second.app.stop();
    await load(100);
    void first.app.stop();
    await load(50);
    await members.pass(1000);
    expect([first.outcome, second.outcome, third.outcome]).toEqual(['done', 'done', 'running']);
    expect(sorted(members.values('out'))).toEqual(numbers(published));
    expect(members.committed('in')).toEqual(members.broker.endOffsets('in'));
    for (const { metrics } of [first, second, third]) {
      expect(metrics.value('kafka_rx_records_produced_total')).toBeGreaterThan(0);
    }
  });

  test('waits for what is under way and commits it before the partitions go', async () => {
    const members = new Members({ in: 2, out: 1 });
    const first = members.start(copy);
    await members.settle();
    members.broker.faults.delayAcknowledgements(500);
    members.broker.publish('in', [
      { value: '0', partition: 0 },
      { value: '1', partition: 1 },
    ]);
    await members.settle();
    const second = members.start(copy);
    await members.pass(490);
    expect(second.app.health().state).toBe('starting');
    expect(members.committed('in')).toEqual([-1, -1]);
    await members.pass(600);
    expect(first.events).toContainEqual({
      type: 'revoked',
      pending: 0,
      partitions: [expect.objectContaining({ partition: 0 }), expect.objectContaining({ partition: 1 })],
    });
    expect(members.committed('in')).toEqual([1, 1]);
    expect(sorted(members.values('out'))).toEqual(['0', '1']);
    expect(members.broker.members('group').map(({ assigned }) => assigned.length)).toEqual([1, 1]);
  });

  test('with a stuck sink goes on within its bound; what was pending is delivered anew, its late end is dropped and counted', async () => {
    const members = new Members({ in: 1 });
    const stuck = held();
    const seen: string[] = [];
    const signals: AbortSignal[] = [];
    const member = members.start(
      app =>
        app.topic('in', { value }).subscribe(
          app.each((record, { signal }) => {
            seen.push(record.value);
            signals.push(signal);
            return seen.length === 1 ? stuck.promise : undefined;
          }),
        ),
      { rebalanceTimeoutMs: 10_000 },
    );
    members.publish('in', '0');
    await members.settle();
    members.broker.faults.rebalance('group');
    await members.pass(8900);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await members.pass(200);
    expect(signals[0]?.aborted).toBe(true);
    expect(member.events).toContainEqual(expect.objectContaining({ type: 'revoked', pending: 1 }));
    expect(members.committed('in')).toEqual([-1]);
    stuck.resolve();
    await members.pass(100);
    expect(seen).toEqual(['0', '0']);
    expect(members.committed('in')).toEqual([1]);
    expect(member.metrics.value('kafka_rx_records_dropped_total', { reason: 'stale-epoch' })).toBe(1);
    expect(member.outcome).toBe('running');
  });

  test('makes new partitions and their records known', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.start(copy);
    await members.settle();
    members.broker.addPartitions('in', 3);
    members.broker.publish(
      'in',
      [0, 1, 2].map(partition => ({ value: String(partition), partition })),
    );
    await members.pass(100);
    expect(sorted(members.values('out'))).toEqual(['0', '1', '2']);
    expect(members.committed('in')).toEqual([1, 1, 1]);
  });
});

describe('a member that the group does not hear', () => {
  /** One record under way at a time, so that what was fetched waits in the app. */
  const slow = { bounds: { maxUnsettled: 1 }, sessionTimeoutMs: 30_000 };

  test('for longer than its session begins nothing more: another member does, and only what was under way is written twice', async () => {
    const members = new Members({ in: 1, out: 1 });
    const first = members.start(copy, slow);
    await members.settle();
    const second = members.start(copy, { ...slow, sessionTimeoutMs: 30_000 });
    await members.pass(100);
    const owner = members.broker.members('group').find(({ assigned }) => assigned.length > 0);
    members.broker.faults.delayAcknowledgements(31_000);
    members.publish('in', ...numbers(50));
    await members.settle();
    members.broker.faults.silence(owner?.memberId ?? '');
    await members.pass(20_000);
    expect(members.values('out')).toEqual(['0']);
    members.broker.faults.delayAcknowledgements(0);
    // The acknowledgement comes after the session: it makes room for the next record, which is another's by then.
    await members.pass(60_000);
    members.broker.faults.endSilence(owner?.memberId ?? '');
    await members.pass(60_000);
    expect(members.values('out').filter(one => one === '0')).toHaveLength(2);
    expect(sorted(members.values('out').slice(1))).toEqual(numbers(50));
    expect(members.committed('in')).toEqual([50]);
    expect(
      [first, second].flatMap(({ events }) => events.filter(({ type }) => type === 'lost')),
    ).toHaveLength(1);
  });

  test('until just before its session ends goes on where it was, in the same epoch', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy, slow);
    await members.settle();
    const [memberId = ''] = members.memberIds();
    members.broker.faults.delayAcknowledgements(28_000);
    members.publish('in', ...numbers(3));
    await members.settle();
    members.broker.faults.silence(memberId);
    members.broker.faults.delayAcknowledgements(0);
    await members.pass(29_000);
    expect(members.values('out')).toEqual(['0']);
    members.broker.faults.endSilence(memberId);
    await members.settle();
    expect(members.values('out')).toEqual(numbers(3));
    await members.pass(100);
    expect(members.committed('in')).toEqual([3]);
    expect(member.events.filter(({ type }) => type === 'assigned')).toHaveLength(1);
  });
});

describe('lost partitions', () => {
  test('in the midst of a rebalance: what is assigned next is not taken for what was given up', async () => {
    const members = new Members({ in: 1, out: 1 });
    const late = held();
    const member = members.start(app => {
      app.topic('in', { value }).subscribe(app.to('out', { value }));
      app
        .topic(['in'], { value })
        .subscribe(app.each(record => (record.value === '0' ? late.promise : undefined)));
    });
    await members.settle();
    members.publish('in', '0');
    await members.settle();
    members.broker.faults.rebalance('group');
    members.clock.flush();
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    // The loss, and the assignment that follows it, all before the drain of the rebalance hears of either.
    members.clock.flush();
    late.resolve();
    await members.pass(1000);
    members.publish('in', '1');
    await members.pass(1000);
    expect([...new Set(members.values('out'))]).toEqual(['0', '1']);
    expect(members.committed('in')).toEqual([2]);
    expect(member.outcome).toBe('running');
  });

  test('what arrives of them later is dropped and counted, without failing the app; they are read anew', async () => {
    const members = new Members({ in: 1, out: 1 });
    const works = [held(), held()];
    let calls = 0;
    const member = members.start(app => {
      const records = app.topic('in', { value }).pipe(share());
      records.subscribe(app.each(() => works[calls++]?.promise));
      records.subscribe(app.to('out', { value }));
    });
    await members.settle();
    members.publish('in', '0');
    await members.settle();
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    await members.settle();
    expect(member.events.map(({ type }) => type)).toContain('lost');
    expect(member.events.map(({ type }) => type)).not.toContain('revoking');
    works[0]?.resolve();
    await members.pass(100);
    expect(member.metrics.value('kafka_rx_records_dropped_total', { reason: 'stale-epoch' })).toBe(1);
    expect(members.committed('in')).toEqual([-1]);
    works[1]?.resolve();
    await members.pass(100);
    expect(members.committed('in')).toEqual([1]);
    expect(member.outcome).toBe('running');
    expect(member.metrics.value('kafka_rx_in_flight_records')).toBe(0);
  });

  test('a zombie commits nothing past what the new owner has', async () => {
    const members = new Members({ in: 1, out: 1 });
    const zombie = members.start(copy, { sessionTimeoutMs: 30_000 });
    await members.settle();
    members.publish('in', '0');
    await members.pass(100);
    members.broker.faults.expireSession(members.memberIds()[0] ?? '');
    const heir = members.start(copy);
    await members.settle();
    members.publish('in', '1');
    await members.pass(5000);
    expect(members.committed('in')).toEqual([2]);
    await members.pass(30_000);
    members.publish('in', '2');
    await members.pass(1000);
    expect(members.committed('in')).toEqual([3]);
    expect([...new Set(members.values('out'))].sort()).toEqual(['0', '1', '2']);
    expect([zombie.outcome, heir.outcome]).toEqual(['running', 'running']);
  });

  test('a member that crashed is replaced, and nothing of what it had not committed is missing', async () => {
    const members = new Members({ in: 2, out: 1 });
    members.start(copy);
    await members.settle();
    members.broker.faults.delayAcknowledgements(50);
    members.publish('in', ...numbers(20));
    await members.pass(20);
    members.broker.faults.crash(members.memberIds()[0] ?? '');
    const heir = members.start(copy);
    await members.pass(40_000);
    expect([...new Set(sorted(members.values('out')))]).toEqual(numbers(20));
    expect(members.committed('in')).toEqual(members.broker.endOffsets('in'));
    expect(heir.outcome).toBe('running');
  });
});

describe('commits', () => {
  test('that are refused once are tried again, told and counted; nothing is lost by it', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy);
    await members.settle();
    members.broker.faults.refuseCommits(3);
    members.publish('in', '0');
    await members.pass(50);
    expect(members.committed('in')).toEqual([-1]);
    await members.pass(2000);
    expect(members.committed('in')).toEqual([1]);
    expect(member.outcome).toBe('running');
  });

  test('that fail for good are an event, and are made again with the next', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy);
    await members.settle();
    members.broker.faults.refuseCommits(1, new KafkaRxError('COMMIT_FAILED', 'no'));
    members.publish('in', '0');
    await members.pass(100);
    expect(member.events).toContainEqual(
      expect.objectContaining({
        type: 'commit',
        result: expect.objectContaining({ error: expect.objectContaining({ code: 'COMMIT_FAILED' }) }),
      }),
    );
    expect(member.metrics.value('kafka_rx_commits_total', { outcome: 'COMMIT_FAILED' })).toBe(1);
    members.publish('in', '1');
    await members.pass(100);
    expect(members.committed('in')).toEqual([2]);
    expect(member.metrics.value('kafka_rx_commits_total', { outcome: 'confirmed' })).toBeGreaterThan(0);
  });

  test('wait for delayed acknowledgements', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.start(copy);
    await members.settle();
    members.broker.faults.delayAcknowledgements(1000);
    members.publish('in', '0');
    await members.pass(990);
    expect([members.values('out'), members.committed('in')]).toEqual([['0'], [-1]]);
    await members.pass(100);
    expect(members.committed('in')).toEqual([1]);
  });

  test('are made after `every` records or after `intervalMs`, whichever is first', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(copy, { commit: { every: 3, intervalMs: 500 } });
    await members.settle();
    members.publish('in', '0', '1');
    await members.pass(490);
    expect(members.committed('in')).toEqual([-1]);
    await members.pass(20);
    expect(members.committed('in')).toEqual([2]);
    members.publish('in', '2', '3', '4');
    await members.settle();
    expect(members.committed('in')).toEqual([5]);
    expect(member.events.flatMap(event => (event.type === 'commit' ? [event.result.trigger] : []))).toEqual([
      'interval',
      'every',
    ]);
  });
});

describe('co-partitioned topics', () => {
  test('give every member the same partition numbers of each, also after a rebalance', async () => {
    const members = new Members({ left: 6, right: 6, out: 1 });
    const both = (app: App): void => {
      app.topic(['left', 'right'], { value }).subscribe(app.to('out', { value }));
    };
    const options = { coPartitioned: [['left', 'right']] };
    const owned = () =>
      members.broker.members('group').map(({ assigned }) => ({
        left: assigned
          .filter(({ topic }) => topic === 'left')
          .map(({ partition }) => partition)
          .sort(),
        right: assigned
          .filter(({ topic }) => topic === 'right')
          .map(({ partition }) => partition)
          .sort(),
      }));
    const [first] = [members.start(both, options), members.start(both, options)];
    await members.pass(100);
    members.start(both, options);
    await members.pass(100);
    expect(owned()).toHaveLength(3);
    for (const { left, right } of owned()) {
      expect(left).toHaveLength(2);
      expect(right).toEqual(left);
    }
    void first.app.stop();
    await members.pass(100);
    expect(owned()).toHaveLength(2);
    for (const { left, right } of owned()) expect(right).toEqual(left);
  });

  test('members of one group that read different topics get records of none but their own', async () => {
    const members = new Members({ a: 3, b: 3, 'from-a': 1, 'from-b': 1 });
    const reading = (name: string) => (app: App) => {
      app.topic(name, { value }).subscribe(app.to(`from-${name}`, { value }));
    };
    members.start(reading('a'));
    members.start(reading('b'));
    await members.pass(100);
    members.publish('a', '0', '1', '2');
    members.publish('b', '3', '4', '5');
    await members.pass(100);
    expect(sorted(members.values('from-a'))).toEqual(['0', '1', '2']);
    expect(sorted(members.values('from-b'))).toEqual(['3', '4', '5']);
  });
});

describe('a new assignment that comes while the one before is still being drained, as a driver may that cannot hold its group up', () => {
  test('ends what waits to be committed of the old one: it is not tried for ever', async () => {
    const members = new Members({ in: 2, out: 1 });
    const tried: OffsetCommit[] = [];
    let heard: ConsumerListener | undefined;
    const refuse = async (offsets: readonly OffsetCommit[]) => {
      tried.push(...offsets);
      await new Promise<void>(resolve => members.clock.schedule(resolve, 100));
      throw new KafkaRxError('COMMIT_REFUSED', 'The epoch of the partition is over');
    };
    const driver = driverWith(members, inner => ({
      consumer: (options, listener) => {
        heard = listener;
        return but(inner.consumer(options, listener), { commit: refuse });
      },
    }));
    const member = members.start(copy, { driver });
    await members.settle();
    members.broker.publish('in', [
      { value: '0', partition: 0 },
      { value: '1', partition: 1 },
    ]);
    await members.pass(50);
    const assigned = member.events.findLast(event => event.type === 'assigned');
    const partitions = assigned?.type === 'assigned' ? assigned.partitions : [];
    expect(partitions).toHaveLength(2);
    const revoked = heard?.revoking(partitions, 10_000);
    await members.pass(10);
    heard?.assigned(partitions.slice(1).map(one => ({ ...one, epoch: one.epoch + 1 })));
    await members.pass(11_000);
    await revoked;
    tried.splice(0);
    await members.pass(10_000);
    expect(tried).toEqual([]);
    expect(member.outcome).toBe('running');
  });
});
