import { KafkaRxError } from '../../../lib/errors/errors.js';
import { MemoryWorld } from './memory-world.js';

const at = { topic: 'in', partition: 0 };

describe('a group on a faulty memory broker', () => {
  async function started({ members = 1, partitions = 1 } = {}) {
    const world = new MemoryWorld();
    world.broker.createTopic('in', partitions);
    const clients = [];
    for (let i = 0; i < members; i++) {
      const client = await world.client(`c${i}`);
      const { consumer, seen } = client.consumer('g', ['in']);
      await world.during(consumer.start());
      clients.push({ client, consumer, seen });
    }
    await world.settle();
    const [first] = clients;
    if (first === undefined) throw new Error('at least one member');
    return { world, clients, ...first };
  }

  test('refused commits store nothing, and the next one counts', async () => {
    const { world, consumer, seen } = await started();
    world.broker.faults.refuseCommits(1);
    world.broker.faults.refuseCommits(1, new KafkaRxError('COMMIT_REFUSED', 'fenced'));
    const commit = () => world.during(consumer.commit([{ ...at, epoch: seen.epoch(at), offset: 5 }]));
    await expect(commit()).rejects.toMatchObject({ code: 'COMMIT_FAILED', retriable: true });
    await expect(commit()).rejects.toMatchObject({ code: 'COMMIT_REFUSED', retriable: false });
    expect(world.broker.committed('g', 'in')).toEqual([-1]);
    await commit();
    expect(world.broker.committed('g', 'in')).toEqual([5]);
  });

  test('lost partitions are lost without a revoke, their commits refused, and given anew in a greater epoch', async () => {
    const { world, consumer, seen } = await started();
    const epoch = seen.epoch(at);
    world.broker.faults.losePartitions(world.memberId('g'));
    expect(seen.losses).toEqual([]);
    await world.settle();
    expect(seen.losses).toEqual([[{ ...at, epoch }]]);
    expect(seen.revocations).toEqual([]);
    expect(seen.epoch(at)).toBeGreaterThan(epoch);
    await expect(consumer.commit([{ ...at, epoch, offset: 1 }])).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
    });
    expect(seen.breaches).toEqual([]);
  });

  test('a commit on its way when its partitions are lost is refused, not dropped as one of a topic that is gone', async () => {
    const { world, clients } = await started({ members: 2, partitions: 2 });
    const [one, other] = clients;
    if (one === undefined || other === undefined) throw new Error('two members');
    // The group waits for it: until it has given up its partition, the generation that the commit is of goes on.
    other.seen.onRevoking = () => new Promise(() => {});
    const [held] = one.seen.assignment;
    if (held === undefined) throw new Error('each has one');
    const member = world.broker
      .members('g')
      .find(({ assigned }) => assigned[0]?.partition === held.partition);
    world.broker.faults.losePartitions(member?.memberId ?? '');
    const commit = world.during(one.consumer.commit([{ ...held, offset: 1 }]));
    await expect(commit).rejects.toMatchObject({ code: 'COMMIT_REFUSED' });
    expect(world.broker.committed('g', 'in')).toEqual([-1, -1]);
  });

  test('a member lost in the middle of its drain is not asked to give up twice, and joins anew', async () => {
    const { world, seen } = await started();
    let drained = () => {};
    seen.onRevoking = () =>
      new Promise(resolve => {
        drained = resolve;
      });
    world.broker.faults.rebalance('g');
    await world.settle();
    expect(seen.revocations).toHaveLength(1);
    world.broker.faults.losePartitions(world.memberId('g'));
    await world.settle();
    drained();
    await world.settle();
    expect([seen.losses.length, seen.revocations.length, seen.assignments.length]).toEqual([1, 1, 2]);
    world.broker.publish('in', [{ value: 'x' }]);
    world.clock.flush();
    expect(seen.records).toHaveLength(1);
    expect(seen.breaches).toEqual([]);
  });

  test('a zombie reads on beside the new owner, cannot move the offset, and learns of it by a refused commit', async () => {
    const { world, clients } = await started({ members: 2 });
    const zombie = clients.find(({ seen }) => seen.assignment.length === 1);
    const other = clients.find(member => member !== zombie);
    if (zombie === undefined || other === undefined) throw new Error('one owner');
    const epoch = zombie.seen.epoch(at);
    world.broker.faults.expireSession(
      world.broker.members('g').find(({ assigned }) => assigned.length === 1)?.memberId ?? '',
    );
    await world.settle();
    world.broker.publish('in', [{ value: 'x' }]);
    world.clock.flush();
    expect([zombie.seen.records.length, other.seen.records.length]).toEqual([1, 1]);
    await world.during(other.consumer.commit([{ ...at, epoch: other.seen.epoch(at), offset: 1 }]));
    await expect(world.during(zombie.consumer.commit([{ ...at, epoch, offset: 0 }]))).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
    });
    expect(world.broker.committed('g', 'in')).toEqual([1]);
    expect(zombie.seen.losses).toHaveLength(1);
  });

  test('a zombie that commits nothing learns of it at its next heartbeat', async () => {
    const { world, seen } = await started();
    world.broker.faults.expireSession(world.memberId('g'));
    await world.settle();
    expect(seen.losses).toEqual([]);
    await world.pass(10_000);
    expect(seen.losses).toHaveLength(1);
    expect(seen.assignments).toHaveLength(2);
  });

  test('a silent member is put out after its session; it hands out nothing from a little before on, and hears of it at last', async () => {
    const { world, clients } = await started({ members: 2 });
    const owner = world.broker.members('g').find(({ assigned }) => assigned.length === 1)?.memberId ?? '';
    const silent = clients.find(({ seen }) => seen.assignment.length === 1);
    const other = clients.find(member => member !== silent);
    world.broker.faults.silence(owner);
    await world.pass(20_000);
    world.broker.publish('in', [{ value: 'in time' }]);
    await world.settle();
    expect(silent?.seen.records).toHaveLength(1);
    await world.pass(8_000);
    world.broker.publish('in', [{ value: 'too late' }]);
    await world.settle();
    expect(silent?.seen.records).toHaveLength(1);
    expect(other?.seen.records).toEqual([]);
    await world.pass(2_000);
    expect(other?.seen.records).toHaveLength(2);
    world.broker.faults.endSilence(owner);
    await world.settle();
    expect([silent?.seen.losses.length, silent?.seen.records.length]).toEqual([1, 1]);
    expect(clients.flatMap(({ seen }) => seen.breaches)).toEqual([]);
  });

  test('a silence that was asked for twice ends once', async () => {
    const { world, seen } = await started();
    world.broker.faults.silence(world.memberId('g'));
    world.broker.faults.silence(world.memberId('g'));
    world.broker.faults.endSilence(world.memberId('g'));
    await world.pass(40_000);
    expect([seen.losses, seen.assignments.length]).toEqual([[], 1]);
  });

  test('a silence that ends in time is no loss: what was withheld goes on in the same epoch', async () => {
    const { world, seen } = await started();
    world.broker.faults.silence(world.memberId('g'));
    await world.pass(28_000);
    world.broker.publish('in', [{ value: 'x' }]);
    await world.settle();
    expect(seen.records).toEqual([]);
    world.broker.faults.endSilence(world.memberId('g'));
    await world.settle();
    expect([seen.records.length, seen.confirmations]).toEqual([1, 1]);
    expect([seen.losses, seen.assignments.length]).toEqual([[], 1]);
  });

  test('a crashed member’s partitions go to the others after its session timeout, and not before', async () => {
    const { world, clients } = await started({ members: 2, partitions: 2 });
    const [, survivor] = clients;
    world.broker.faults.crash(world.memberId('g', 0));
    await world.pass(29_000);
    expect(survivor?.seen.assignment).toHaveLength(1);
    await world.pass(1000);
    expect(survivor?.seen.assignment).toHaveLength(2);
    expect(clients[0]?.seen.losses).toEqual([]);
  });

  test('a rebalance waits for a crashed member until its session has expired', async () => {
    const { world, clients } = await started({ members: 2, partitions: 2 });
    world.broker.faults.crash(world.memberId('g', 0));
    world.broker.faults.rebalance('g');
    await world.pass(29_000);
    expect(clients[1]?.seen.assignments).toHaveLength(1);
    await world.pass(1000);
    expect(clients[1]?.seen.assignments).toHaveLength(2);
  });

  test('commits are accepted until the drain ends, and the drain ends at the rebalance timeout', async () => {
    const { world, consumer, seen } = await started();
    seen.onRevoking = () => new Promise(() => {});
    const epoch = seen.epoch(at);
    world.broker.faults.rebalance('g');
    await world.pass(59_000);
    await world.during(consumer.commit([{ ...at, epoch, offset: 3 }]));
    expect(world.broker.committed('g', 'in')).toEqual([3]);
    await world.pass(1000);
    expect(seen.assignments).toHaveLength(2);
    await expect(consumer.commit([{ ...at, epoch, offset: 4 }])).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
    });
    expect(world.broker.committed('g', 'in')).toEqual([3]);
  });

  test('a drain that fails gives the partitions up all the same', async () => {
    const { world, seen } = await started();
    seen.onRevoking = () => Promise.reject(new Error('drain'));
    world.broker.faults.rebalance('g');
    await world.settle();
    expect(seen.assignments).toHaveLength(2);
  });

  test('while the broker is down nothing is delivered, commits fail retriably, and all goes on after', async () => {
    const { world, client, consumer, seen } = await started();
    world.broker.faults.down();
    world.broker.publish('in', [{ value: 'x' }]);
    await world.settle();
    expect(seen.records).toEqual([]);
    await expect(
      world.during(consumer.commit([{ ...at, epoch: seen.epoch(at), offset: 0 }])),
    ).rejects.toMatchObject({ code: 'UNREACHABLE', retriable: true });
    await expect(world.client()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(client.connection.topics()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    world.broker.faults.up();
    await world.settle();
    expect(seen.records).toHaveLength(1);
    expect(client.events.map(({ type }) => type)).toEqual(['connected', 'disconnected', 'connected']);
  });

  test('a rebalance that the outage held up is made up for', async () => {
    const { world, seen } = await started();
    world.broker.faults.down();
    world.broker.faults.rebalance('g');
    await world.settle();
    expect(seen.assignments).toHaveLength(1);
    world.broker.faults.up();
    await world.settle();
    expect(seen.assignments).toHaveLength(2);
  });

  test('a consumer that gives up says so once, and leaves', async () => {
    const { world, seen } = await started();
    const error = new KafkaRxError('DRIVER', 'given up');
    world.broker.faults.failConsumer(world.memberId('g'), error);
    await world.settle();
    expect(seen.failures).toEqual([error]);
    expect(world.broker.members('g')).toEqual([]);
  });

  test('a committed offset beyond the end is reset by startFrom, and announced', async () => {
    const world = new MemoryWorld();
    world.broker.createTopic('in', 1);
    world.broker.publish('in', [{ value: 'a' }, { value: 'b' }]);
    world.broker.setCommitted('g', at, 9);
    const client = await world.client();
    const { consumer, seen } = client.consumer('g', ['in']);
    await world.during(consumer.start());
    expect(seen.offsets(at)).toEqual([0, 1]);
    expect(client.events).toContainEqual({ type: 'offset-reset', ...at, from: 9, to: 0 });
  });

  test('a topic created anew is assigned anew, without the old one’s offsets', async () => {
    const { world, consumer, seen } = await started();
    world.broker.publish('in', [{ value: 'old' }, { value: 'old' }]);
    await world.settle();
    await world.during(consumer.commit([{ ...at, epoch: seen.epoch(at), offset: 2 }]));
    world.broker.deleteTopic('in');
    await world.settle();
    expect(seen.assignment).toEqual([]);
    world.broker.createTopic('in', 1);
    world.broker.publish('in', [{ value: 'new' }]);
    await world.settle();
    expect(world.broker.committed('g', 'in')).toEqual([-1]);
    expect(seen.records.map(({ value }) => value?.toString())).toEqual(['old', 'old', 'new']);
    expect(seen.breaches).toEqual([]);
  });
});
