import { KafkaRxError } from '../../../lib/errors/errors.js';
import { RecordingOutput } from '../../contract/contract-client.js';
import { append, MemoryWorld } from './memory-world.js';

const at = { topic: 'in', partition: 0 };
const passing = new KafkaRxError('UNREACHABLE', 'for a while', { retriable: true });

async function reading(readCommitted: boolean) {
  const world = new MemoryWorld();
  world.broker.createTopic('in', 1);
  const client = await world.client();
  const { consumer, seen } = client.consumer('g', ['in'], { readCommitted });
  await world.during(consumer.start());
  const values = () => seen.records.map(({ value }) => value?.toString());
  return { world, client, consumer, seen, values };
}

describe('transactions on a memory broker', () => {
  test('an open one holds back all that lies behind its first record from readers of committed records', async () => {
    const { world, seen, values } = await reading(true);
    world.broker.publish('in', [{ value: 'before' }]);
    const open = world.broker.transaction();
    open.publish('in', [{ value: 'open' }]);
    world.broker.publish('in', [{ value: 'behind' }]);
    world.clock.flush();
    expect([values(), seen.batches.at(-1)?.nextOffset, seen.batches.at(-1)?.endOffset]).toEqual([
      ['before'],
      1,
      1,
    ]);
    open.commit();
    world.clock.flush();
    expect(values()).toEqual(['before', 'open', 'behind']);
    expect(seen.nextOffset(at)).toBe(4);
  });

  test('an aborted one stays hidden, and nextOffset passes it', async () => {
    const { world, seen, values } = await reading(true);
    const open = world.broker.transaction();
    open.publish('in', [{ value: 'hidden' }, { value: 'hidden' }]);
    open.abort();
    world.clock.flush();
    expect([values(), seen.nextOffset(at)]).toEqual([[], 3]);
    expect(seen.batches.map(({ count }) => count)).toEqual([0]);
    expect(world.values('in')).toEqual([]);
  });

  test('readers of uncommitted records see both, but no control record', async () => {
    const { world, values } = await reading(false);
    const open = world.broker.transaction();
    open.publish('in', [{ value: 'aborted' }]);
    world.clock.flush();
    expect(values()).toEqual(['aborted']);
    open.abort();
    world.broker.publish('in', [{ value: 'plain' }]);
    world.clock.flush();
    expect(values()).toEqual(['aborted', 'plain']);
  });
});

describe('a unit of work on a memory broker', () => {
  async function opened() {
    const before = await reading(true);
    const { world, client } = before;
    world.broker.createTopic('out', 2);
    const open = async (of = client) => {
      const unit = await of.connection.unitOfWork?.('0', 'g', {
        ...{ maxRecordBytes: 1_000, deliveryTimeoutMs: 120_000, transactionTimeoutMs: 60_000 },
      });
      if (unit === undefined) throw new Error('memory has units of work');
      await unit.prepare(['out']);
      return unit;
    };
    const unit = await open();
    const heard = new RecordingOutput(client.calls);
    const outputs = [0, 1].map(partition => unit.output({ topic: 'out', partition }, heard));
    const offsets = (offset: number) => [{ ...at, epoch: before.seen.epoch(at), offset }];
    const write = (value: string) => {
      for (const output of outputs) append(output, value);
    };
    return { ...before, open, unit, heard, offsets, write };
  }

  test('its outputs and offsets become visible together', async () => {
    const { world, unit, offsets, write } = await opened();
    unit.begin();
    write('a');
    await world.during(unit.flush());
    expect([world.values('out'), world.broker.committed('g', 'in')]).toEqual([[], [-1]]);
    const states: unknown[] = [];
    const done = unit.commit(offsets(1));
    for (let i = 0; i < 20; i++) {
      states.push(`${world.values('out').length} ${world.broker.committed('g', 'in')}`);
      world.clock.flush();
      await new Promise(setImmediate);
    }
    await done;
    expect([...new Set(states)]).toEqual(['0 -1', '2 1']);
  });

  test.each([
    ['a stale epoch', 'COMMIT_REFUSED', () => {}, -1],
    ['a refused commit', 'COMMIT_FAILED', (world: MemoryWorld) => world.broker.faults.refuseCommits(1), 0],
    ['a fence', 'COMMIT_REFUSED', (world: MemoryWorld) => world.broker.faults.fence('g', '0'), 0],
    // Before the transaction's time is over, though a record would have longer.
    ['an outage', 'PRODUCE', (world: MemoryWorld) => world.broker.faults.down(), 0],
    [
      'a refused output',
      'PRODUCE',
      (world: MemoryWorld) =>
        world.broker.faults.failProduce(1, new KafkaRxError('PRODUCE', 'refused'), {
          topic: 'out',
          partition: 1,
        }),
      0,
    ],
  ])('after %s nothing of it is visible, and it is dead', async (_, code, fault, epochShift) => {
    const { world, unit, offsets, write } = await opened();
    unit.begin();
    write('a');
    fault(world);
    const commit = unit.commit(offsets(1).map(offset => ({ ...offset, epoch: offset.epoch + epochShift })));
    const refused = expect(commit).rejects.toMatchObject({ code });
    await world.pass(130_000);
    await refused;
    world.broker.faults.up();
    await world.settle();
    expect([world.values('out'), world.broker.committed('g', 'in')]).toEqual([[], [-1]]);
    expect(() => unit.begin()).toThrow(expect.objectContaining({ code }));
    world.broker.publish('out', [{ value: 'plain', partition: 0 }]);
    expect(world.values('out')).toEqual(['plain']);
  });

  test('closed with its connection while open, it leaves nothing behind that holds readers up', async () => {
    const { world, client, unit, write } = await opened();
    unit.begin();
    write('a');
    world.clock.flush();
    await world.during(client.connection.close());
    world.broker.publish('out', [{ value: 'plain', partition: 0 }]);
    expect(world.values('out')).toEqual(['plain']);
  });

  test('its records are given up before its transaction is, however long they would have', async () => {
    const { world, client, unit, write, heard } = await opened();
    world.broker.faults.failProduce(Number.POSITIVE_INFINITY, passing);
    unit.begin();
    write('a');
    await world.pass(39_000);
    expect(heard.refusedCount).toBe(0);
    await world.pass(1_100);
    expect([heard.refusedCount, unit.failure]).toEqual([2, undefined]);
    await world.during(client.connection.close());
  });

  test('open for longer than its time it is aborted, and one that ends in time is not', async () => {
    const { world, unit, offsets, write } = await opened();
    unit.begin();
    write('in time');
    await world.pass(59_000);
    await world.during(unit.commit(offsets(1)));
    unit.begin();
    write('late');
    await world.pass(59_000);
    expect(unit.failure).toBeUndefined();
    await world.pass(1_100);
    expect(unit.failure).toMatchObject({ code: 'TRANSACTION_TIMEOUT' });
    world.broker.publish('out', [{ value: 'plain', partition: 0 }]);
    expect(world.values('out')).toEqual(['in time', 'plain', 'in time']);
  });

  test('a member that its group has gone on without commits nothing, though it does not know and no offset has moved', async () => {
    const { world, unit, offsets, write } = await opened();
    unit.begin();
    write('a');
    await world.during(unit.commit(offsets(1)));
    unit.begin();
    write('b');
    world.broker.faults.expireSession(world.memberId('g'));
    const refused = expect(unit.commit(offsets(1))).rejects.toMatchObject({ code: 'COMMIT_REFUSED' });
    await world.settle();
    await refused;
    expect([world.values('out'), world.broker.committed('g', 'in')]).toEqual([['a', 'a'], [1]]);
  });

  describe('whose commit is decided late', () => {
    /** A has asked for its commit of what it wrote and of offset 1, and has heard nothing. */
    async function undecided(how?: { readonly plainReads?: boolean }) {
      const before = await opened();
      const { world, unit, offsets, write } = before;
      const successor = await world.client('successor');
      world.broker.faults.holdCommit('g', '0', how);
      unit.begin();
      write('a');
      const ended = unit.commit(offsets(1)).then(
        () => 'committed',
        (error: { readonly code: string }) => error.code,
      );
      await world.settle();
      return { ...before, successor, ended };
    }

    test('nothing of it shows until then, and its owner hears nothing', async () => {
      const { world, ended } = await undecided();
      world.broker.publish('out', [{ value: 'behind', partition: 0 }]);
      expect([world.values('out'), world.broker.committed('g', 'in')]).toEqual([[], [-1]]);
      world.broker.faults.decideCommit('g', '0');
      expect([world.values('out'), world.broker.committed('g', 'in')]).toEqual([['a', 'behind', 'a'], [1]]);
      expect(await ended).toBe('committed');
    });

    test('the next owner has it open only when it is decided', async () => {
      const { world, successor, open, ended } = await undecided();
      let isOpen = false;
      const opening = open(successor).then(unit => {
        isOpen = true;
        return unit;
      });
      await world.pass(5_000);
      expect([isOpen, world.broker.committed('g', 'in')]).toEqual([false, [-1]]);
      world.broker.faults.decideCommit('g', '0');
      await world.during(opening);
      expect([world.broker.committed('g', 'in'), await ended]).toEqual([[1], 'committed']);
    });

    test.each([
      ['closed', (of: Awaited<ReturnType<typeof opened>>) => of.world.during(of.client.connection.close())],
      [
        'put out',
        async (of: Awaited<ReturnType<typeof opened>>) => {
          of.world.broker.faults.expireSession(of.world.memberId('g'));
        },
      ],
      ['fenced', async (of: Awaited<ReturnType<typeof opened>>) => of.world.broker.faults.fence('g', '0')],
      ['past its time', (of: Awaited<ReturnType<typeof opened>>) => of.world.pass(200_000)],
    ])('it is committed all the same where its owner is %s meanwhile', async (_, fate) => {
      const context = await undecided();
      await fate(context);
      context.world.broker.faults.decideCommit('g', '0');
      await context.world.settle();
      expect([context.world.values('out'), context.world.broker.committed('g', 'in')]).toEqual([
        ['a', 'a'],
        [1],
      ]);
    });

    test('whoever waits for 30 s hears that it is unknown, or that it may be opened again', async () => {
      const { world, successor, open, ended } = await undecided();
      const opening = open(successor).then(
        () => 'open',
        (error: { readonly code: string; readonly retriable: boolean }) => `${error.code} ${error.retriable}`,
      );
      await world.pass(31_000);
      expect([await ended, await opening]).toEqual(['COMMIT_UNKNOWN', 'COMMIT_FAILED true']);
    });

    test('reads of stable offsets wait for those that are part of it, plain ones for none', async () => {
      const { world } = await undecided();
      const { cluster } = world.broker;
      let stable = false;
      void cluster.undecidedOffset('g', at)?.then(() => {
        stable = true;
      });
      expect(cluster.undecidedOffset('g', { topic: 'in', partition: 1 })).toBeUndefined();
      expect(cluster.undecidedOffset('other', at)).toBeUndefined();
      await world.settle();
      expect(stable).toBe(false);
      world.broker.faults.decideCommit('g', '0');
      await world.settle();
      expect([stable, cluster.undecidedOffset('g', at)]).toEqual([true, undefined]);
      const plain = await undecided({ plainReads: true });
      expect(plain.world.broker.cluster.undecidedOffset('g', at)).toBeUndefined();
      plain.world.broker.faults.decideCommit('g', '0');
    });

    test('it is the next commit alone, and none after `clear`', async () => {
      const { world, unit, offsets, write, ended } = await undecided();
      world.broker.faults.decideCommit('g', '0');
      await ended;
      unit.begin();
      write('b');
      await world.during(unit.commit(offsets(2)));
      world.broker.faults.holdCommit('g', '0');
      world.broker.faults.clear();
      unit.begin();
      write('c');
      await world.during(unit.commit(offsets(3)));
      expect(world.broker.committed('g', 'in')).toEqual([3]);
    });
  });
});
