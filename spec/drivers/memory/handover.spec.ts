/** A task goes from one owner to the next while the commit of the first is not decided yet: what the gate is for. */
import type { AssignedPartition, FetchedBatch, UnitOfWork } from '../../../lib/drivers/port.js';
import { noHeaders } from '../../../lib/record/headers.js';
import type { ContractClient } from '../../contract/contract-client.js';
import { MemoryWorld } from './memory-world.js';

const unitOptions = { maxRecordBytes: 1_000, deliveryTimeoutMs: 30_000, transactionTimeoutMs: 60_000 };
const deaf = { acknowledged: () => {}, refused: () => {} };

/** A member that copies `in` to `out`, a unit for each batch, and opens its unit behind the gate, or whenever it likes. */
async function member(world: MemoryWorld, client: ContractClient, gated: boolean): Promise<void> {
  let opened: Promise<UnitOfWork> | undefined;
  let last: Promise<void> = Promise.resolve();
  const open = async (): Promise<UnitOfWork> => {
    const unit = await client.connection.unitOfWork?.('0', 'g', unitOptions);
    if (unit === undefined) throw new Error('memory has units of work');
    await unit.prepare(['out']);
    return unit;
  };
  const copy = async (batch: FetchedBatch): Promise<void> => {
    opened ??= open();
    const unit = await opened;
    const output = unit.output({ topic: 'out', partition: 0 }, deaf);
    unit.begin();
    for (let record = batch.next(); record !== undefined; record = batch.next())
      output.append(record.key, record.value, noHeaders, 0);
    const { topic, partition, epoch, nextOffset } = batch;
    await unit.commit([{ topic, partition, epoch, offset: nextOffset }]);
  };
  const consumer = client.connection.consumer(
    {
      ...{ groupId: 'g', topics: ['in'], startFrom: 'earliest', coPartitioned: [], readCommitted: true },
      ...{ sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 },
      ready: gated
        ? async (_: AssignedPartition) => {
            opened ??= open();
            await opened;
          }
        : undefined,
    },
    {
      assigned: () => {},
      revoking: async () => {},
      lost: () => {},
      confirmed: () => {},
      failed: () => {},
      // Of an owner that is gone the commit is refused, or heard by nobody.
      batch: batch => {
        last = last.then(() => copy(batch)).catch(() => {});
      },
    },
  );
  // The second one is let in only when the session of the first is over.
  void consumer.start();
  await world.settle();
}

/** What readers of committed records find once all is decided. */
async function handedOver(how: { readonly gated: boolean; readonly plainReads: boolean }): Promise<string[]> {
  const world = new MemoryWorld();
  world.broker.createTopic('in', 1);
  world.broker.createTopic('out', 1);
  world.broker.publish('in', [{ value: '0' }, { value: '1' }, { value: '2' }]);
  world.broker.faults.holdCommit('g', '0', { plainReads: how.plainReads });
  await member(world, await world.client('first'), how.gated);
  await world.settle();
  expect(world.broker.committed('g', 'in')).toEqual([-1]);
  world.broker.faults.crash(world.memberId('g'));
  await member(world, await world.client('second'), how.gated);
  await world.pass(15_000);
  world.broker.faults.decideCommit('g', '0');
  world.broker.publish('in', [{ value: '3' }]);
  await world.pass(60_000);
  expect(world.broker.committed('g', 'in')).toEqual([4]);
  return world.values('out').map(String);
}

test.each([
  ['the gate and stable reads', true, false],
  ['the gate alone', true, true],
  ['stable reads alone', false, false],
])('with %s nothing is copied twice', async (_, gated, plainReads) => {
  expect(await handedOver({ gated, plainReads })).toEqual(['0', '1', '2', '3']);
});

test('with neither what the former owner had asked to commit is copied twice', async () => {
  expect(await handedOver({ gated: false, plainReads: true })).toEqual(['0', '1', '2', '0', '1', '2', '3']);
});
