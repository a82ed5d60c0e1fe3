import { delay } from '../../lib/base/clock.js';
import type { ProducerOutput } from '../../lib/drivers/port.js';
import type { Headers } from '../../lib/record/headers.js';
import { noHeaders } from '../../lib/record/headers.js';
import { RecordingOutput } from './contract-client.js';
import { type ContractContext, numbers, values } from './contract-context.js';

const append = (output: ProducerOutput, value: string): void =>
  output.append(null, Buffer.from(value), noHeaders, Date.now());

export function producingContract(context: ContractContext): void {
  const { setup } = context;

  test('acknowledged ranges cover what was appended, in order, at the offsets where the records lie', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic]);
    const heard = new RecordingOutput(client.calls);
    const output = producer.output({ topic, partition: 0 }, heard);
    for (const value of numbers(0, 50)) append(output, value);
    await producer.flush();
    for (const value of numbers(50, 60)) append(output, value);
    await producer.flush();
    expect(heard.acknowledgedCount).toBe(60);
    let next = 0;
    for (const { count, baseOffset } of heard.heard) {
      if (baseOffset !== -1) expect(baseOffset).toBe(next);
      next += count;
    }
    expect(values(await setup.read(topic))).toEqual(numbers(0, 60));
  });

  test('never calls a listener inside append, flush or close', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic], { maxRecordBytes: 10 });
    const heard = new RecordingOutput(client.calls);
    const output = client.calls.watch(producer.output({ topic, partition: 0 }, heard));
    append(output, 'small');
    append(output, 'far too large for it');
    expect(heard.heard).toEqual([]);
    await producer.flush();
    append(output, 'late');
    await producer.close();
    append(output, 'too late');
    await context.eventually(
      'all four to be answered',
      () => heard.acknowledgedCount + heard.refusedCount === 4,
    );
    expect(heard.insideCall).toBe(0);
  });

  test('what a listener appends comes behind what was appended before', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic]);
    let more = 3;
    const output: ProducerOutput = producer.output(
      { topic, partition: 0 },
      { acknowledged: () => void (more-- > 0 && append(output, `more ${more}`)), refused: () => {} },
    );
    append(output, 'first');
    await context.eventually('four records', async () => (await setup.read(topic)).length === 4);
    expect(values(await setup.read(topic))).toEqual(['first', 'more 2', 'more 1', 'more 0']);
  });

  test('each partition’s listener hears of its own records only, and each partition keeps its order', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 3);
    const producer = await client.producer([topic]);
    const outputs = [0, 1, 2].map(partition => {
      const heard = new RecordingOutput(client.calls);
      return { heard, output: producer.output({ topic, partition }, heard) };
    });
    for (let turn = 0; turn < 5; turn++) {
      for (let i = 0; i < 30; i++) {
        const at = outputs[i % 3 === 2 ? 2 : 0];
        if (at !== undefined) append(at.output, String(turn * 30 + i));
      }
      await delay(setup.clock, 0);
    }
    await producer.flush();
    expect(outputs.map(({ heard }) => heard.acknowledgedCount)).toEqual([100, 0, 50]);
    const read = await setup.read(topic);
    for (const partition of [0, 2]) {
      const order = read.filter(at => at.partition === partition).map(at => Number(at.value));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
  });

  test('outputs of one partition share its order: what is appended to the one after the other comes after it', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic], { maxRecordBytes: 100 });
    const heard = [new RecordingOutput(client.calls), new RecordingOutput(client.calls)];
    const outputs = heard.map(listener => producer.output({ topic, partition: 0 }, listener));
    const appendTo = (which: number, value: string): void => {
      const output = outputs[which % 2];
      if (output !== undefined) append(output, value);
    };
    for (let i = 0; i < 10; i++) appendTo(i, String(i));
    appendTo(1, 'x'.repeat(101));
    for (let i = 10; i < 30; i++) {
      appendTo(i, String(i));
      if (i % 5 === 0) await delay(setup.clock, 0);
    }
    await producer.flush();
    expect(values(await setup.read(topic))).toEqual(numbers(0, 30));
    expect(heard.map(({ acknowledgedCount, refusedCount }) => [acknowledgedCount, refusedCount])).toEqual([
      [15, 0],
      [15, 1],
    ]);
  });

  const duringAnOutage = setup.outage === undefined ? test.skip : test;

  duringAnOutage('outputs of one partition share its order when what they hold is sent again', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic]);
    const outputs = [0, 1].map(() =>
      producer.output({ topic, partition: 0 }, new RecordingOutput(client.calls)),
    );
    setup.outage?.();
    for (let i = 0; i < 10; i++) {
      const output = outputs[i % 2];
      if (output !== undefined) append(output, String(i));
      await delay(setup.clock, 20);
    }
    setup.endOutage?.();
    await producer.flush();
    expect(values(await setup.read(topic))).toEqual(numbers(0, 10));
  });

  test('keys, null values, timestamps and headers arrive as they were', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic]);
    const output = producer.output({ topic, partition: 0 }, new RecordingOutput(client.calls));
    const headers: Headers = [
      { key: 'twice', value: Buffer.from('1') },
      { key: '__proto__', value: Buffer.from([0, 255]) },
      { key: 'toString', value: Buffer.from('') },
      { key: 'twice', value: Buffer.from('2') },
    ];
    output.append(Buffer.from('k'), null, headers, 1_700_000_000_123);
    output.append(null, Buffer.from([0, 159, 146, 150]), noHeaders, 0);
    output.append(Buffer.alloc(0), Buffer.alloc(0), noHeaders, 5);
    await producer.flush();
    const plain = (await setup.read(topic)).map(({ key, value, headers: of, timestamp }) => ({
      key: key?.toString('hex') ?? null,
      value: value?.toString('hex') ?? null,
      // Order among different keys is not asked of a client whose headers are an object.
      headers: of.map(header => `${header.key}=${header.value?.toString('hex')}`).sort(),
      timestamp,
    }));
    expect(plain).toEqual([
      {
        key: '6b',
        value: null,
        headers: ['__proto__=00ff', 'toString=', 'twice=31', 'twice=32'],
        timestamp: 1_700_000_000_123,
      },
      { key: null, value: '009f9296', headers: [], timestamp: 0 },
      { key: '', value: '', headers: [], timestamp: 5 },
    ]);
  });

  test('a record above maxRecordBytes is refused in its turn, and its neighbours are sent', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic], { maxRecordBytes: 100 });
    const heard = new RecordingOutput(client.calls);
    const output = producer.output({ topic, partition: 0 }, heard);
    append(output, 'a');
    append(output, 'x'.repeat(101));
    append(output, 'b');
    output.append(Buffer.alloc(50), Buffer.alloc(40), [{ key: 'elevenchars', value: null }], 0);
    append(output, 'x'.repeat(100));
    await producer.flush();
    const answers = heard.heard.flatMap(({ count, code }) =>
      Array.from({ length: count }, () => code ?? 'sent'),
    );
    expect(answers).toEqual(['sent', 'RECORD_TOO_LARGE', 'sent', 'RECORD_TOO_LARGE', 'sent']);
    expect(values(await setup.read(topic))).toEqual(['a', 'b', 'x'.repeat(100)]);
  });

  test('bufferedBytes counts what is neither acknowledged nor refused', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic], { maxRecordBytes: 100 });
    const output = producer.output({ topic, partition: 0 }, new RecordingOutput(client.calls));
    expect(producer.bufferedBytes).toBe(0);
    append(output, 'x'.repeat(60));
    append(output, 'x'.repeat(400));
    expect(producer.bufferedBytes).toBeGreaterThanOrEqual(460);
    await producer.flush();
    expect(producer.bufferedBytes).toBe(0);
  });

  test('flush resolves at once when nothing is pending, and only after the listeners have heard', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic]);
    await producer.flush();
    const heard = new RecordingOutput(client.calls);
    append(producer.output({ topic, partition: 0 }, heard), 'one');
    await producer.flush();
    expect(heard.acknowledgedCount).toBe(1);
  });

  test('prepare names the topics that do not exist, and creates none', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const missing = context.name('missing');
    await expect(client.producer([topic, missing])).rejects.toMatchObject({
      code: 'MISSING_TOPIC',
      message: expect.stringContaining(missing),
    });
    expect(await client.connection.topics([missing])).toEqual([]);
    expect((await client.producer([topic])).partitionCount(topic)).toBe(2);
  });

  test('after close nothing is sent: what is appended is refused as CLOSED; closing twice is closing once', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic]);
    const heard = new RecordingOutput(client.calls);
    const output = producer.output({ topic, partition: 0 }, heard);
    await Promise.all([producer.close(), producer.close()]);
    append(output, 'late');
    await context.eventually('the refusal', () => heard.refusedCount === 1);
    expect(heard.heard).toEqual([{ count: 1, code: 'CLOSED' }]);
    await producer.close();
    expect(await setup.read(topic)).toEqual([]);
  });
}
