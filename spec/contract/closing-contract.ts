import { delay } from '../../lib/base/clock.js';
import { noHeaders } from '../../lib/record/headers.js';
import { RecordingOutput } from './contract-client.js';
import { type ContractContext, numbers } from './contract-context.js';

export function closingContract(context: ContractContext): void {
  const { setup } = context;

  test('connecting is told as an event', async () => {
    const client = await context.client();
    await context.eventually('the event', () => client.events.some(({ type }) => type === 'connected'));
  });

  test('stop calls no listener any more, commits nothing, and is idempotent', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const group = context.name('group');
    const { consumer, seen } = await context.start(client, group, [topic]);
    await context.publish(topic, 0, numbers(0, 5));
    await context.seenUpTo({ consumer, seen }, { topic, partition: 0 }, 5);
    await Promise.all([consumer.stop(), consumer.stop()]);
    const heard = [seen.assignments.length, seen.revocations.length, seen.losses.length, seen.batches.length];
    await context.publish(topic, 0, ['late']);
    await delay(setup.clock, setup.quietMs);
    expect([
      seen.assignments.length,
      seen.revocations.length,
      seen.losses.length,
      seen.batches.length,
    ]).toEqual(heard);
    expect(seen.failures).toEqual([]);
    expect(await client.connection.admin.committed(group, topic)).toEqual([-1]);
  });

  test('close ends consumers and producers with the connection, and is idempotent', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const group = context.name('group');
    const { seen } = await context.start(client, group, [topic]);
    const producer = await client.producer([topic]);
    const heard = new RecordingOutput(client.calls);
    const output = producer.output({ topic, partition: 0 }, heard);
    await Promise.all([client.connection.close(), client.connection.close()]);
    await client.connection.close();
    output.append(null, Buffer.from('late'), noHeaders, 0);
    await context.eventually('the refusal', () => heard.refusedCount === 1);
    const batches = seen.batches.length;
    await context.publish(topic, 0, ['late']);
    await delay(setup.clock, setup.quietMs);
    expect(seen.batches).toHaveLength(batches);
    expect(seen.revocations).toEqual([]);
  });

  test('a closed member’s partitions go to the next at once, not after its session', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topic = await context.topic(a);
    const group = context.name('group');
    await context.start(a, group, [topic]);
    await a.connection.close();
    const from = setup.clock.elapsed();
    const second = await context.start(b, group, [topic]);
    await context.eventually('the partition', () => second.seen.partitions.length === 1);
    expect(setup.clock.elapsed() - from).toBeLessThan(setup.sessionTimeoutMs);
  });
}
