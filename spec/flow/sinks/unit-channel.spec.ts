/** A unit of work as the channel of a task: what it is for. */

import { type DriverConnection, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { mapValue } from 'kafka-rx/operators';
import { testApp, VirtualClock } from 'kafka-rx/testing';
import { type Deliveries, Delivery, type Lane } from '../../../lib/flow/leases/delivery.js';
import { Outputs } from '../../../lib/flow/sinks/outputs.js';
import { TopicChannels } from '../../../lib/flow/sinks/topic-channels.js';
import { noHeaders } from '../../../lib/record/headers.js';
import { quietContext } from '../../drivers/quiet-context.js';
import { Partitions } from '../../operators/partitions.js';

const options = { maxRecordBytes: 1_000_000, deliveryTimeoutMs: 10_000, transactionTimeoutMs: 60_000 };

async function unitOf(connection: DriverConnection, groupId = 'g') {
  const unit = await connection.unitOfWork?.('task', groupId, options);
  if (unit === undefined) throw new Error('the memory driver has units of work');
  return unit;
}

test('after an abort the next unit of the channel goes on with nothing pending of the one before', async () => {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  broker.createTopic('out', 1);
  const due = async <T>(work: Promise<T>): Promise<T> => {
    for (let turn = 0; turn < 20; turn++) await clock.advanceAsync(10);
    return work;
  };
  const context = quietContext('c', clock);
  const connection = await due(memory({ broker }).connect(context));
  const outputs = new Outputs(options);
  outputs.declare('out');
  await due(outputs.open(connection));
  const unit = await due(unitOf(connection));
  const { slot } = await due(outputs.openChannel(unit));
  const told: string[] = [];
  const written = new TopicChannels('out', outputs, {
    acknowledged: count => told.push(`acknowledged ${count}`),
    refused: deliveries => told.push(`refused ${(deliveries as Delivery).offset}`),
  });
  const append = (offset: number): void => {
    // All that is asked of its lane.
    const lane = { outputSlot: slot, settle: () => told.push(`settled ${offset}`) } as unknown as Lane;
    const delivery: Deliveries = new Delivery(lane, offset, offset, { bytes: 0, open: 0 });
    written.of(delivery).append(0, null, Buffer.from(`${offset}`), noHeaders, 0, delivery);
  };
  unit.begin();
  append(0);
  append(1);
  await due(unit.abort());
  expect(told).toEqual(['refused 0', 'refused 1']);
  unit.begin();
  append(2);
  await due(unit.flush());
  expect(told.slice(2)).toEqual(['settled 2', 'acknowledged 1']);
});

test('outputs and dead letters of a task are seen when its unit is committed, and not before', async () => {
  const opened = jest.spyOn(Outputs.prototype, 'open');
  const partitions = new Partitions(partition => partition);
  const t = await testApp(
    app => {
      const read = app.topic('in', { value: string }).pipe(partitions.seen());
      read.subscribe(app.to('out', { value: string }));
      read
        .pipe(
          mapValue((): string => {
            throw new Error('no');
          }),
        )
        .subscribe(app.to('never', { value: string }));
    },
    { partitions: 2, policies: { process: 'dead-letter' }, deadLetters: { topic: 'dead' } },
  );
  const [outputs] = opened.mock.contexts as Outputs[];
  const [connection] = opened.mock.lastCall ?? [];
  opened.mockRestore();
  if (outputs === undefined || connection === undefined) throw new Error('the app opened no outputs');
  const unit = await unitOf(connection, 'test');
  await outputs.openChannel(unit);
  unit.begin();
  t.pipeIn(
    'in',
    ['own', 'other'].map((value, partition) => ({ value, partition })),
  );
  await t.idle();
  const seen = () => ['out', 'dead'].map(topic => t.broker.records(topic).length);
  expect(seen()).toEqual([1, 1]);
  const { epoch } = partitions.of(1);
  await Promise.all([unit.commit([{ topic: 'in', partition: 1, epoch, offset: 1 }]), t.idle()]);
  expect([seen(), t.committed('in')[1]]).toEqual([[2, 2], 1]);
});
