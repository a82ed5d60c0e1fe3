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

  can(setup.topicConfig)('a topic has the configs that it is created with', async () => {
    const { connection } = await context.client();
    const [name, plain] = [context.name('topic'), context.name('topic')];
    await connection.admin.createTopics([
      { name, partitions: 1, configs: { 'cleanup.policy': 'compact', 'delete.retention.ms': '604800000' } },
      { name: plain, partitions: 1 },
    ]);
    const configs = ['cleanup.policy', 'delete.retention.ms'];
    const found = await Promise.all(configs.map(config => setup.topicConfig?.(name, config)));
    expect(found).toEqual(['compact', '604800000']);
    expect(await setup.topicConfig?.(plain, 'cleanup.policy')).not.toBe('compact');
  });

  test('topics are deleted together, those that there are not are passed over, and then they are gone', async () => {
    const client = await context.client();
    const [kept, ...gone] = [
      await context.topic(client),
      await context.topic(client),
      await context.topic(client),
    ];
    const { connection } = client;
    await connection.admin.deleteTopics([...gone, context.name('missing')]);
    expect(await connection.topics([kept, ...gone])).toMatchObject([{ name: kept }]);
    await connection.admin.deleteTopics(gone);
    await connection.admin.deleteTopics([]);
    expect(await connection.topics([kept])).toHaveLength(1);
  });

  test('once a topic is gone, questions about others are answered as before', async () => {
    const client = await context.client();
    const { admin } = client.connection;
    const gone = await context.topic(client);
    const [kept, other] = [await context.topic(client), await context.topic(client)];
    expect(await admin.offsets(gone, 'latest')).toEqual([0]);
    await admin.deleteTopics([gone]);
    await context.publish(kept, 0, numbers(0, 2));
    expect(await admin.offsets(kept, 'latest')).toEqual([2]);
    await admin.deleteRecords([{ topic: kept, partition: 0, offset: 1 }]);
    expect(await admin.committed(context.name('group'), other)).toEqual([-1]);
    await (await client.producer([other])).close();
  });

  test('a compacted topic keeps its records, and says so', async () => {
    const client = await context.client();
    const { admin } = client.connection;
    const topic = context.name('topic');
    await admin.createTopics([{ name: topic, partitions: 1, configs: { 'cleanup.policy': 'compact' } }]);
    await setup.publish(topic, [{ partition: 0, key: Buffer.from('k'), value: Buffer.from('v') }]);
    const deletion = admin.deleteRecords([{ topic, partition: 0, offset: 1 }]);
    await expect(deletion).rejects.toMatchObject({
      ...{ code: 'CONFIGURATION', retriable: false },
      message: expect.stringContaining('POLICY_VIOLATION'),
    });
    expect(await admin.offsets(topic, 'earliest')).toEqual([0]);
  });

  test('records are deleted up to an offset, where the log begins from then on', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 3);
    for (const partition of [0, 1, 2]) await context.publish(topic, partition, numbers(0, 5));
    const { admin } = client.connection;
    const to = (partition: number, offset: number) => ({ topic, partition, offset });
    await admin.deleteRecords([to(0, 2), to(2, 5)]);
    expect(await admin.offsets(topic, 'earliest')).toEqual([2, 0, 5]);
    // Below the beginning there is nothing left to delete.
    await admin.deleteRecords([to(0, 1), to(2, 0)]);
    await admin.deleteRecords([]);
    expect(await admin.offsets(topic, 'earliest')).toEqual([2, 0, 5]);
    expect(await admin.offsets(topic, 'latest')).toEqual([5, 5, 5]);
    const reader = await context.startReading(client, context.name('group'), [topic]);
    await context.seenUpTo(reader, { topic, partition: 0 }, 5);
    await context.seenUpTo(reader, { topic, partition: 1 }, 5);
    const seen = reader.seen.records.filter(({ partition }) => partition === 0);
    expect(seen.map(({ offset }) => offset)).toEqual([2, 3, 4]);
  });

  test('records are deleted of no partition that there is not, and up to no offset that is none', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    await context.publish(topic, 0, numbers(0, 3));
    const { admin } = client.connection;
    const missing = context.name('missing');
    for (const [at, names] of [
      [{ topic, partition: 2 }, `${topic}`],
      [{ topic: missing, partition: 0 }, missing],
    ] as const) {
      await expect(admin.deleteRecords([{ ...at, offset: 0 }])).rejects.toMatchObject({
        ...{ code: 'MISSING_TOPIC', message: expect.stringContaining(names) },
      });
    }
    for (const offset of [-1, -2, Number.NaN, 1.5, 2 ** 60, 4]) {
      await expect(admin.deleteRecords([{ topic, partition: 0, offset }])).rejects.toMatchObject({
        ...{ code: 'CONFIGURATION', retriable: false },
        at: { topic, partition: 0, offset },
      });
    }
    expect(await admin.offsets(topic, 'earliest')).toEqual([0, 0]);
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
