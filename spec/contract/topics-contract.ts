import { type ContractContext, numbers } from './contract-context.js';

export function topicsContract(context: ContractContext): void {
  const { setup } = context;
  const can = <T>(capability: T | undefined) => (capability === undefined ? test.skip : test);
  const madeAnew = setup.deleteTopic === undefined ? test.skip : context.unless('topicIds');

  test('a topic that exists is left as it is when created again', async () => {
    const { connection } = await context.client();
    const name = context.name('topic');
    await connection.admin.createTopics([{ name, partitions: 2 }]);
    const [before] = await connection.topics([name]);
    await connection.admin.createTopics([
      { name, partitions: 5 },
      { name: `${name}-b`, partitions: 1 },
    ]);
    expect(await connection.topics([name])).toEqual([before]);
    expect(before).toMatchObject({ name, partitions: 2, internal: false });
    expect(await connection.topics([`${name}-b`])).toMatchObject([{ partitions: 1 }]);
  });

  test('topics names all, or of those asked for the ones that exist, and tells Kafka’s own apart', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.start(client, context.name('group'), [topic]);
    expect(await client.connection.topics([topic, context.name('missing')])).toMatchObject([{ name: topic }]);
    const all = await client.connection.topics();
    expect(all.map(({ name }) => name)).toContain(topic);
    for (const { name, internal } of all) expect([name, internal]).toEqual([name, name.startsWith('__')]);
  });

  madeAnew('a topic that was deleted and created anew has another id', async () => {
    const { connection } = await context.client();
    const name = context.name('topic');
    await connection.admin.createTopics([{ name, partitions: 1 }]);
    const [before] = await connection.topics([name]);
    await setup.deleteTopic?.(name);
    await context.eventually(
      'the topic to be gone',
      async () => (await connection.topics([name])).length === 0,
    );
    // A cluster may say no for a moment while it still deletes.
    await context.eventually('the topic to be there again', async () => {
      await connection.admin.createTopics([{ name, partitions: 1 }]).catch(() => {});
      return (await connection.topics([name])).length === 1;
    });
    const [now] = await connection.topics([name]);
    expect(before?.id).toBeTruthy();
    expect(now?.id).not.toBe(before?.id);
  });

  test('the id of the cluster is the same for every connection', async () => {
    const [a, b] = [await context.client(), await context.client()];
    expect(a.connection.clusterId).toBeTruthy();
    expect(a.connection.clusterId).toBe(b.connection.clusterId);
  });

  test('offsets gives begin, end and the first record at a time for each partition', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 3);
    const at = Date.now() - 10_000;
    await setup.publish(
      topic,
      [0, 1, 2].map(i => ({ partition: 1, key: null, value: Buffer.from(`${i}`), timestamp: at + i * 1000 })),
    );
    const { offsets } = client.connection.admin;
    expect(await offsets(topic, 'earliest')).toEqual([0, 0, 0]);
    expect(await offsets(topic, 'latest')).toEqual([0, 3, 0]);
    expect(await offsets(topic, { timestamp: at + 500 })).toEqual([0, 1, 0]);
    expect(await offsets(topic, { timestamp: at + 60_000 })).toEqual([0, 3, 0]);
  });

  test('a time that cannot be is refused before anything is asked or begun', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    for (const timestamp of [-1, -86_400_000, Number.NaN, 1.5, 2 ** 60, Number.POSITIVE_INFINITY]) {
      const refusal = { code: 'CONFIGURATION', retriable: false };
      await expect(client.connection.admin.offsets(topic, { timestamp })).rejects.toMatchObject(refusal);
      const consumer = () => client.consumer(context.name('group'), [topic], { startFrom: { timestamp } });
      expect(consumer).toThrow(expect.objectContaining(refusal));
    }
  });

  can(setup.deleteRecords)('the earliest offset is where the log begins, not 0', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 5));
    await setup.deleteRecords?.(topic, 0, 3);
    expect(await client.connection.admin.offsets(topic, 'earliest')).toEqual([3]);
  });

  test('a group has -1 where it committed nothing', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    expect(await client.connection.admin.committed(context.name('group'), topic)).toEqual([-1, -1]);
  });
}
