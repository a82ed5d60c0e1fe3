/** What a process does that is dead arrives nowhere, and it is told nothing. */
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { VirtualClock } from 'kafka-rx/testing';
import { noHeaders } from '../../lib/record/headers.js';
import { MortalProcess } from '../../lib/testing/mortal-process.js';

test('its appends, answers, timers and events end with it', async () => {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  broker.createTopic('out', 1);
  const process = new MortalProcess(clock, broker, memory({ broker }));
  const told: string[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const connection = await process.driver.connect({
    clientId: 'one',
    clock: process.clock,
    logger,
    event: ({ type }) => void told.push(type),
  });
  clock.flush();
  expect(told).toEqual(['connected']);
  const producer = connection.producer({ maxRecordBytes: 1_000, deliveryTimeoutMs: 1_000 });
  await producer.prepare(['out']);
  const listener = {
    acknowledged: () => void told.push('acknowledged'),
    refused: () => void told.push('refused'),
  };
  const output = producer.output({ topic: 'out', partition: 0 }, listener);
  const append = (text: string) => output.append(null, Buffer.from(text), noHeaders, 0);
  append('before');
  process.clock.schedule(() => told.push('timer'), 10);
  process.clock.defer(() => told.push('deferred'));
  process.kill();
  append('after');
  void producer.flush().then(() => told.push('flushed'));
  void connection.topics().then(() => told.push('topics'));
  clock.flush();
  broker.faults.down();
  await clock.advanceAsync(10_000);
  broker.faults.up();
  await clock.advanceAsync(10_000);
  expect(told).toEqual(['connected']);
  expect(broker.records('out').map(({ value }) => String(value))).not.toContain('after');
  expect(process.isAlive).toBe(false);
});
