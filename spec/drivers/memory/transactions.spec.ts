import { KafkaRxError } from '../../../lib/errors/errors.js';
import { RecordingOutput } from '../../contract/contract-client.js';
import { append, MemoryWorld } from './memory-world.js';

const at = { topic: 'in', partition: 0 };

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
    const open = async () => {
      const unit = await client.connection.unitOfWork?.('0', 'g');
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
});
