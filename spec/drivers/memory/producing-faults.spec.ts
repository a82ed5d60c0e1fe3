import { KafkaRxError } from '../../../lib/errors/errors.js';
import { RecordingOutput } from '../../contract/contract-client.js';
import { append, MemoryWorld } from './memory-world.js';

const broken = new KafkaRxError('PRODUCE', 'no leader', { retriable: true });
const forbidden = new KafkaRxError('PRODUCE', 'not authorized');

describe('a producer on a faulty memory broker', () => {
  async function started(partitions = 1) {
    const world = new MemoryWorld();
    world.broker.createTopic('out', partitions);
    const client = await world.client();
    const producer = await client.producer(['out'], { deliveryTimeoutMs: 1000 });
    const outputs = Array.from({ length: partitions }, (_, partition) => {
      const heard = new RecordingOutput(client.calls);
      return { heard, output: producer.output({ topic: 'out', partition }, heard) };
    });
    const [first = { heard: new RecordingOutput(client.calls), output: { append() {} } }] = outputs;
    return { world, client, producer, outputs, ...first };
  }

  test('an acknowledgement that is delayed is not made up: the record is in the log, and pending', async () => {
    const { world, producer, output, heard } = await started();
    world.broker.faults.delayAcknowledgements(500);
    append(output, 'a');
    world.clock.advance(499);
    expect([world.values('out'), heard.heard]).toEqual([['a'], []]);
    expect(producer.bufferedBytes).toBe(1);
    world.clock.advance(1);
    expect(heard.heard).toEqual([{ count: 1, baseOffset: 0 }]);
  });

  test('appends during a delayed acknowledgement do not hurry it', async () => {
    const { world, output, heard } = await started();
    world.broker.faults.delayAcknowledgements(500);
    append(output, 'a');
    world.clock.advance(100);
    append(output, 'b');
    world.clock.advance(399);
    expect(heard.heard).toEqual([]);
  });

  test('an acknowledgement later than the delivery timeout is a refusal', async () => {
    const { world, output, heard } = await started();
    world.broker.faults.delayAcknowledgements(5000);
    append(output, 'a');
    world.clock.advance(999);
    expect(heard.heard).toEqual([]);
    world.clock.advance(10_000);
    expect(heard.heard).toEqual([{ count: 1, code: 'PRODUCE' }]);
  });

  test('order within a partition survives retries, and the other partitions go on', async () => {
    const { world, client, output, heard, outputs } = await started(2);
    world.broker.faults.failProduce(3, broken, { topic: 'out', partition: 0 });
    append(output, 'a', 'b');
    world.clock.flush();
    append(output, 'c');
    if (outputs[1] !== undefined) append(outputs[1].output, 'other');
    world.clock.flush();
    expect(world.values('out')).toEqual(['other']);
    world.clock.advance(300);
    expect(world.values('out')).toEqual(['a', 'b', 'c', 'other']);
    expect(heard.acknowledgedCount).toBe(3);
    const retries = client.events.filter(({ type }) => type === 'retrying');
    expect(retries).toEqual([1, 2, 3].map(attempt => expect.objectContaining({ attempt, delayMs: 100 })));
  });

  test('an error that is not retriable refuses the records of that request, and the next ones are sent', async () => {
    const { world, output, heard } = await started();
    world.broker.faults.failProduce(1, forbidden);
    append(output, 'a', 'b');
    world.clock.flush();
    append(output, 'c');
    world.clock.flush();
    expect(heard.heard).toEqual([
      { count: 2, code: 'PRODUCE' },
      { count: 1, baseOffset: 0 },
    ]);
  });

  test('while the broker is down records wait, and go out in order when it is up again', async () => {
    const { world, output, heard } = await started();
    world.broker.faults.down();
    append(output, 'a');
    world.clock.advance(500);
    append(output, 'b');
    expect(heard.heard).toEqual([]);
    world.broker.faults.up();
    world.clock.advance(200);
    expect(world.values('out')).toEqual(['a', 'b']);
    expect(heard.acknowledgedCount).toBe(2);
  });

  test('what waits longer than the delivery timeout is refused, in order, and no later than at it', async () => {
    const { world, producer, output, heard } = await started();
    world.broker.faults.down();
    append(output, 'a');
    world.clock.advance(950);
    append(output, 'b');
    world.clock.advance(50);
    expect(heard.heard).toEqual([{ count: 1, code: 'PRODUCE' }]);
    world.clock.advance(950);
    expect(heard.heard).toEqual([
      { count: 1, code: 'PRODUCE' },
      { count: 1, code: 'PRODUCE' },
    ]);
    expect(producer.bufferedBytes).toBe(0);
  });

  test('an acknowledgement lost with the broker is made up for, and the record is there once', async () => {
    const { world, output, heard } = await started();
    world.broker.faults.delayAcknowledgements(10);
    append(output, 'a');
    world.clock.advance(5);
    world.broker.faults.down();
    world.clock.advance(300);
    expect(heard.heard).toEqual([]);
    world.broker.faults.up();
    world.clock.advance(300);
    expect([heard.heard, world.values('out')]).toEqual([[{ count: 1, baseOffset: 0 }], ['a']]);
  });

  test('a topic deleted under the producer refuses its records', async () => {
    const { world, output, heard } = await started();
    world.broker.deleteTopic('out');
    append(output, 'a');
    world.clock.flush();
    expect(heard.heard).toEqual([{ count: 1, code: 'MISSING_TOPIC' }]);
  });

  test('close refuses what is pending in a turn of its own, each record once', async () => {
    const { world, producer, output, heard } = await started();
    world.broker.faults.down();
    append(output, 'a');
    world.clock.flush();
    append(output, 'b');
    const closed = producer.close();
    expect(heard.heard).toEqual([]);
    await world.during(closed);
    world.broker.faults.up();
    await world.pass(5000);
    expect(heard.refusedCount).toBe(2);
    expect(heard.acknowledgedCount).toBe(0);
    expect(world.values('out')).toEqual([]);
  });

  test('partitions added are seen by the producer; a topic deleted since refuses', async () => {
    const { world, client, producer } = await started();
    world.broker.addPartitions('out', 3);
    expect(producer.partitionCount('out')).toBe(3);
    const heard = new RecordingOutput(client.calls);
    const output = producer.output({ topic: 'out', partition: 2 }, heard);
    world.broker.deleteTopic('out');
    append(output, 'a');
    world.clock.flush();
    expect(heard.heard).toEqual([{ count: 1, code: 'MISSING_TOPIC' }]);
  });

  test.each([
    [
      'an acknowledgement that is delayed',
      (world: MemoryWorld) => world.broker.faults.delayAcknowledgements(900),
    ],
    ['a retry', (world: MemoryWorld) => world.broker.faults.failProduce(1000, broken)],
  ])('of %s nothing is left once the producer is closed', async (_, fault) => {
    const { world, producer, output, heard } = await started();
    fault(world);
    append(output, 'a');
    world.clock.advance(50);
    await world.during(producer.close());
    expect(heard.heard).toEqual([{ count: 1, code: 'CLOSED' }]);
    expect(world.clock.pending).toBe(0);
  });

  test('an output whose listener throws holds up no other, and what it threw comes out', async () => {
    const { world, producer, outputs } = await started(2);
    const throwing = {
      acknowledged: () => {
        throw new Error('a defect of whoever listens');
      },
      refused: () => {},
    };
    append(producer.output({ topic: 'out', partition: 0 }, throwing), '0');
    for (const { output } of outputs) append(output, '1');
    const flushed = producer.flush();
    expect(() => world.clock.flush()).toThrow('a defect of whoever listens');
    await world.during(flushed);
    expect(outputs.map(({ heard }) => heard.acknowledgedCount)).toEqual([1, 1]);
    expect(producer.bufferedBytes).toBe(0);
  });
});
