import {
  type App,
  type Codec,
  createApp,
  type KafkaRecord,
  KafkaRxError,
  number,
  type OutputListener,
  partitionForKey,
  string,
} from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { mapKey } from 'kafka-rx/operators';
import { type TestAppOptions, testApp, VirtualClock } from 'kafka-rx/testing';
import type { Observer } from 'rxjs';
import { withProducer } from './with-producer.js';

const value = string;
type StringSink = Observer<KafkaRecord<Buffer | null, string>>;
const start = (sink: (app: App) => StringSink, options: TestAppOptions = {}) =>
  testApp(app => app.topic('in', { value }).subscribe(sink(app)), { commit: { every: 1 }, ...options });
const raw = {
  key: { name: 'raw', decode: bytes => bytes, encode: bytes => bytes } as Codec<Buffer | null>,
  value,
};

describe('the key', () => {
  test('is what keyBy selects from value and record, a string as its UTF-8', async () => {
    const t = await start(app =>
      app.to('out', { value, keyBy: (text, record) => `${text}é${record.offset}` }),
    );
    t.pipeIn('in', [{ key: 'own', value: 'a' }]);
    expect(t.read('out', raw)[0]?.key).toEqual(Buffer.from('aé0'));
  });

  test('is encoded by the key codec where there is one', async () => {
    const t = await start(app => app.to('out', { value, key: number, keyBy: text => text.length }));
    t.pipeIn('in', [{ value: 'abc' }]);
    expect(t.read('out', { key: number, value })[0]?.key).toBe(3);
  });

  test('is the record’s own without keyBy: bytes, a string, or null', async () => {
    const t = await testApp(app => {
      app.topic('in', { value }).subscribe(app.to('out', { value }));
      app
        .topic('in', { value })
        .pipe(mapKey((): string => 'text'))
        .subscribe(app.to('texts', { value }));
    });
    t.pipeIn('in', [
      { key: Buffer.from([0, 255]), value: 'a' },
      { key: null, value: 'b' },
      { key: '', value: 'c' },
    ]);
    expect(t.read('out', raw).map(({ key }) => key)).toEqual([Buffer.from([0, 255]), null, Buffer.alloc(0)]);
    expect(t.read('texts', raw)[0]?.key).toEqual(Buffer.from('text'));
  });

  test('is the record’s own through the key codec', async () => {
    const t = await testApp(app =>
      app.topic('in', { key: number, value }).subscribe(app.to('out', { key: number, value })),
    );
    t.pipeIn('in', [{ key: number.encode(42), value: 'a' }]);
    expect(t.read('out', { key: number, value })[0]?.key).toBe(42);
  });

  test('of any other type is an encode problem that names the type, not the key', async () => {
    const t = await testApp(app => {
      const records = app
        .topic('in', { value })
        .pipe(mapKey(() => ({ secret: 'hidden' }) as unknown as string));
      records.subscribe(app.to('out', { value }));
    });
    expect(() => t.pipeIn('in', [{ value: 'a' }])).toThrow(
      expect.objectContaining({
        code: 'ENCODE',
        message: expect.stringMatching(/^(?!.*hidden).*but object/),
      }),
    );
  });
});

describe('the partition', () => {
  test('of a key is the one that Java’s partitioner gives', async () => {
    const t = await start(app => app.to('out', { value, keyBy: text => text }), { partitions: 7 });
    t.pipeIn(
      'in',
      Array.from({ length: 50 }, (_, i) => ({ value: `key-${i}` })),
    );
    const written = t.read('out', { key: string, value });
    expect(written).toHaveLength(50);
    for (const { key, partition } of written) expect(partition).toBe(partitionForKey(Buffer.from(key), 7));
  });

  test('without a key sticks to one until 16 KiB went there, then moves on', async () => {
    const t = await start(app => app.to('out', { value, keyBy: () => null }), { partitions: 4 });
    t.pipeIn(
      'in',
      Array.from({ length: 10 }, () => ({ value: 'x'.repeat(1000) })),
    );
    expect(new Set(t.read('out', { value }).map(({ partition }) => partition)).size).toBe(1);
    t.pipeIn(
      'in',
      Array.from({ length: 10 }, () => ({ value: 'x'.repeat(1000) })),
    );
    expect(new Set(t.read('out', { value }).map(({ partition }) => partition)).size).toBe(2);
  });

  test('is what the partition function says, given the record and the count', async () => {
    const t = await start(
      app => app.to('out', { value, partition: (record, count) => Number(record.value) % count }),
      {
        partitions: 3,
      },
    );
    t.pipeIn('in', [{ value: '4' }, { value: '2' }, { value: '3' }]);
    expect(t.read('out', { value }).map(({ partition, value }) => [partition, value])).toEqual([
      [0, '3'],
      [1, '4'],
      [2, '2'],
    ]);
  });

  test.each([-1, 3, 1.5, Number.NaN])('%p is refused with the record’s coordinates', async bad => {
    const t = await start(app => app.to('out', { value, partition: () => bad }), { partitions: 3 });
    expect(() => t.pipeIn('in', [{ value: 'a', partition: 2 }])).toThrow(
      expect.objectContaining({ code: 'ENCODE', at: { topic: 'in', partition: 2, offset: 0 } }),
    );
    expect(t.read('out', { value })).toEqual([]);
  });

  test('may be one that came to the topic while the app runs', async () => {
    const t = await start(app => app.to('out', { value, keyBy: text => text }), { partitions: 1 });
    t.pipeIn('in', [{ value: 'before' }]);
    t.broker.addPartitions('out', 5);
    t.pipeIn(
      'in',
      Array.from({ length: 20 }, (_, i) => ({ value: `after ${i}` })),
    );
    for (const { value: text, partition } of t.read('out', { value })) {
      expect(partition).toBe(text === 'before' ? 0 : partitionForKey(Buffer.from(text), 5));
    }
  });
});

describe('timestamps and headers', () => {
  const headers = [
    { key: 'trace', value: Buffer.from('1') },
    { key: 'card', value: Buffer.from('secret') },
    { key: 'trace', value: Buffer.from('2') },
    { key: 'none', value: null },
  ];

  test('the timestamp is inherited unless a function gives another', async () => {
    const t = await testApp(app => {
      app.topic('in', { value }).subscribe(app.to('out', { value }));
      app
        .topic('in', { value })
        .subscribe(app.to('other', { value, timestamp: record => record.timestamp + 1 }));
    });
    t.pipeIn('in', [{ value: 'a', timestamp: 12_345 }]);
    expect([t.read('out', { value })[0]?.timestamp, t.read('other', { value })[0]?.timestamp]).toEqual([
      12_345, 12_346,
    ]);
  });

  test('headers pass by allow-list only, in order, doubles and nulls included; by default none', async () => {
    const t = await testApp(app => {
      app.topic('in', { value }).subscribe(app.to('none', { value }));
      app.topic('in', { value }).subscribe(app.to('some', { value, headers: ['none', 'trace'] }));
      app.topic('in', { value }).subscribe(
        app.to('made', {
          value,
          headers: ({ offset }) => [{ key: 'at', value: Buffer.from(`${offset}`) }],
        }),
      );
    });
    t.pipeIn('in', [{ value: 'a', headers }]);
    expect(t.read('none', { value })[0]?.headers).toEqual([]);
    expect(t.read('some', { value })[0]?.headers).toEqual([headers[0], headers[2], headers[3]]);
    expect(t.read('made', { value })[0]?.headers).toEqual([{ key: 'at', value: Buffer.from('0') }]);
  });
});

describe('what cannot be written', () => {
  const picky: Codec<string> = {
    ...string,
    name: 'picky',
    encode: text => {
      if (text === 'bad') throw new Error(`cannot encode ${text}`);
      return string.encode(text);
    },
  };

  test.each(['encode', 'produce'] as const)(
    'at stage %s: the sink’s own policy counts more than the app’s',
    async stage => {
      const own =
        stage === 'encode' ? { onEncodeError: 'skip' as const } : { onProduceError: 'skip' as const };
      const codec: Codec<string> =
        stage === 'encode'
          ? picky
          : { ...string, encode: text => (text === 'bad' ? Buffer.alloc(1_000_001) : string.encode(text)) };
      const t = await start(app => app.to('out', { value: codec, ...own }), {
        policies: { [stage]: 'fail' },
      });
      t.pipeIn('in', [{ value: 'a' }, { value: 'bad' }, { value: 'c' }]);
      await t.idle();
      expect(t.read('out', { value }).map(record => record.value)).toEqual(['a', 'c']);
      expect(t.committed('in')).toEqual([3]);
      expect(t.metrics.value('kafka_rx_records_dropped_total', { reason: 'skipped', stage })).toBe(1);
    },
  );

  test('a refusal of the broker for good names sink, topic and record, and nothing behind it is committed', async () => {
    const t = await start(app => app.to('out', { value }));
    t.broker.faults.failProduce(1, new KafkaRxError('PRODUCE', 'the broker says no'), { topic: 'out' });
    expect(() => t.pipeIn('in', [{ value: 'a' }])).toThrow(
      expect.objectContaining({
        code: 'PRODUCE',
        at: { topic: 'in', partition: 0, offset: 0 },
        message: expect.stringMatching(
          /^'out' could not write: the broker says no \(topic in.*policy for 'produce'$/,
        ),
      }),
    );
    expect(t.committed('in')).toEqual([-1]);
  });

  test('a refusal that may pass is waited out', async () => {
    const t = await start(app => app.to('out', { value }));
    t.broker.faults.failProduce(3, new KafkaRxError('DRIVER', 'busy', { retriable: true }), { topic: 'out' });
    t.pipeIn('in', [{ value: 'a' }, { value: 'b' }]);
    expect(t.read('out', { value })).toEqual([]);
    await t.advance(300);
    await t.idle();
    expect(t.read('out', { value }).map(record => record.value)).toEqual(['a', 'b']);
    expect(t.committed('in')).toEqual([2]);
  });
});

describe('batching', () => {
  test('sends at once when idle, and what comes while a request is under way in the next, in order per partition', async () => {
    const t = await start(app => app.to('out', { value, keyBy: text => text.slice(0, 1) }), {
      partitions: 2,
    });
    t.broker.faults.delayAcknowledgements(100);
    const send = (from: number, to: number): void =>
      t.pipeIn(
        'in',
        Array.from({ length: to - from }, (_, i) => ({ key: 'k', value: `${i % 2 ? 'a' : 'b'}${from + i}` })),
      );
    send(0, 2);
    expect(t.broker.records('out')).toHaveLength(2);
    send(2, 10);
    send(10, 20);
    expect(t.broker.records('out')).toHaveLength(2);
    await t.advance(100);
    expect(t.broker.records('out')).toHaveLength(20);
    expect(t.metrics.value('kafka_rx_records_produced_total')).toBe(2);
    await t.advance(100);
    expect(t.metrics.value('kafka_rx_records_produced_total')).toBe(20);
    for (const letter of ['a', 'b']) {
      const written = t.broker
        .records('out')
        .map(record => String(record.value))
        .filter(text => text.startsWith(letter))
        .map(text => Number(text.slice(1)));
      expect(written).toEqual([...written].sort((x, y) => x - y));
    }
  });
});

test('a refused record that fails the app closes the producer before anything behind it can be sent', async () => {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  for (const topic of ['in', 'out']) broker.createTopic(topic, 1);
  broker.publish('in', [{ value: 'a' }, { value: 'b' }]);
  const said: string[] = [];
  let refuse: () => void = () => {};
  const app = createApp({
    groupId: 'g',
    clock,
    driver: withProducer(memory({ broker }), {
      close: async () => void said.push('closed'),
      output: (_: unknown, listener: OutputListener) => {
        refuse = () => {
          listener.refused(1, new KafkaRxError('PRODUCE', 'refused for good'));
          said.push('the next request would go out');
        };
        return { append: (_key: unknown, value: Buffer | null) => void said.push(String(value)) };
      },
    }),
  });
  app.topic('in', { value: string }).subscribe(app.to('out', { value: string }));
  const running = app.run();
  running.catch(() => {});
  for (let turn = 0; turn < 20; turn++) {
    clock.flush();
    await new Promise(resolve => setImmediate(resolve));
  }
  refuse();
  expect(said).toEqual(['a', 'b', 'closed', 'the next request would go out']);
  for (let turn = 0; turn < 100; turn++) {
    await clock.advanceAsync(1000);
    await new Promise(resolve => setImmediate(resolve));
  }
  await expect(running).rejects.toMatchObject({ code: 'PRODUCE', at: { topic: 'in', offset: 0 } });
  expect(broker.committed('g', 'in')).toEqual([-1]);
});

describe('a record above maxRecordBytes', () => {
  const run = (options: TestAppOptions) =>
    start(
      app => app.to('out', { value: { ...string, encode: text => Buffer.alloc(Number(text)) } }),
      options,
    );

  test('is refused with a remedy that can be followed: the option that it names lets it through', async () => {
    const t = await run({});
    expect(() => t.pipeIn('in', [{ value: '1500000' }])).toThrow(
      /RECORD_TOO_LARGE|1500000 bytes.*producer\.maxRecordBytes/,
    );
    const raised = await run({ producer: { maxRecordBytes: 2_000_000 } });
    raised.pipeIn('in', [{ value: '1500000' }]);
    expect(raised.broker.records('out').map(({ value: written }) => written?.length)).toEqual([1_500_000]);
  });

  test('is skipped by the policy for produce, as the remedy says', async () => {
    const t = await run({ policies: { produce: 'skip' } });
    t.pipeIn('in', [{ value: '1500000' }, { value: '3' }]);
    await t.idle();
    expect(t.broker.records('out')).toHaveLength(1);
    expect(t.committed('in')).toEqual([2]);
  });

  test('may be as small as one likes: a dead letter leaves its payload out rather than be refused', async () => {
    const t = await testApp(app => app.topic('in', { value: number }).subscribe(app.each(() => {})), {
      commit: { every: 1 },
      producer: { maxRecordBytes: 1_000 },
      policies: { decode: 'dead-letter' },
      deadLetters: { topic: 'dead' },
    });
    t.pipeIn('in', [{ value: Buffer.from(JSON.stringify('x'.repeat(950))) }]);
    await t.idle();
    expect(t.broker.records('dead').map(({ value: letter }) => letter)).toEqual([null]);
    expect(t.committed('in')).toEqual([1]);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1' as never, null as never])(
    'and a delivery timeout cannot be %p',
    bad => {
      for (const producer of [{ maxRecordBytes: bad }, { deliveryTimeoutMs: bad }]) {
        expect(() => createApp({ groupId: 'g', driver: memory(), producer })).toThrow(
          expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('producer.') }),
        );
      }
    },
  );
});
