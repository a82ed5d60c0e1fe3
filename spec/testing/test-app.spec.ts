import * as t from 'io-ts';
import { json, memoryStore, number, string } from 'kafka-rx';
import { batch, mapAsync, mapValue } from 'kafka-rx/operators';
import { type PipedRecord, simulate, testApp, testRecord } from 'kafka-rx/testing';

const value = string;
/** As JavaScript hands it in: `never` fits everywhere. */
const loosely = (thing: unknown): never => thing as never;
const Order = t.strict({ id: t.string, total: t.number });

describe('testApp', () => {
  test('is synchronous to the reader: what was piped in can be read as soon as pipeIn returns', async () => {
    const test = await testApp(app => {
      app
        .topic('in', { value: number })
        .pipe(mapValue(n => n * 2))
        .subscribe(app.to('middle', { value: number }));
      app
        .topic('middle', { value: number })
        .pipe(mapValue(n => n + 1))
        .subscribe(app.to('out', { value: number }));
    });
    test.pipeIn('in', [{ value: '1' }, { value: '2' }]);
    expect(test.read('out', { value: number }).map(record => record.value)).toEqual([3, 5]);
  });

  test('reads each record once, and takes strings, bytes and JSON', async () => {
    const test = await testApp(app =>
      app.topic('in', { value: json(Order) }).subscribe(app.to('out', { value: json(Order) })),
    );
    const order = { id: 'a', total: 1 };
    test.pipeIn('in', [
      { value: order },
      { value: JSON.stringify(order) },
      { value: Buffer.from(JSON.stringify(order)) },
    ]);
    expect(test.read('out', { value: json(Order) }).map(record => record.value)).toEqual([
      order,
      order,
      order,
    ]);
    expect(test.read('out', { value: json(Order) })).toEqual([]);
    test.pipeIn('in', [{ value: { ...order, id: 'b' } }]);
    expect(test.read('out', { value: json(Order) })).toHaveLength(1);
  });

  const written = [
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['a Promise', Promise.resolve('a')],
    ['a Promise', Promise.reject(new Error('nobody hears'))],
    ['a number that is not finite', Number.NaN],
    ['a number that is not finite', Number.POSITIVE_INFINITY],
    ['a function', () => 'a'],
    ['a symbol', Symbol('a')],
    ['a bigint', 1n],
    ['an invalid Date', new Date(Number.NaN)],
    ['an Error', new Error('a')],
    ['bytes', new ArrayBuffer(1)],
    ['bytes', new Uint16Array([1])],
    ['something whose toJSON gives undefined', { toJSON: () => undefined }],
    ['a record', testRecord({ value: 'a' })],
  ] as const;

  test.each(written)('refuses %s, which would come to the topic as something else', async (what, thing) => {
    const test = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value })));
    const pipe = (record: PipedRecord) => () => test.pipeIn('in', [{ value: 'before' }, record]);
    const refused = (message: string) =>
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining(message) });
    expect(pipe({ value: thing })).toThrow(refused(`pipeIn: the records.1.value is ${what}`));
    expect(pipe({ value: { inside: [thing] } })).toThrow(refused(`the records.1.value holds ${what}`));
    expect(pipe({ value: 'a', key: thing })).toThrow(refused(`the records.1.key is ${what}`));
    expect(pipe({ value: 'a', timestamp: loosely(thing) })).toThrow(refused('records.1.timestamp'));
    expect(() => test.pipeIn('in', loosely(thing))).toThrow(refused('the records must be'));
    expect(() => test.pipeIn('in', [loosely(thing)])).toThrow(refused('the records.0'));
    const inputs = (value: unknown) => simulate(() => {}, { inputs: { in: [{ value }] } });
    await expect(inputs(thing)).rejects.toEqual(refused(`simulate: inputs.in.0.value is ${what}`));
    expect(test.broker.endOffsets('in')).toEqual([0]);
  });

  test('takes bytes that are no Buffer as bytes', async () => {
    const test = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value })));
    const around = new Uint8Array([120, 97, 98, 120]);
    test.pipeIn('in', [{ value: around.subarray(1, 3), key: new Uint8Array([99]) }]);
    test.broker.publish('in', [{ value: loosely(around.subarray(1, 3)) }]);
    test.clock.flush();
    expect(test.read('out', { value }).map(record => record.value)).toEqual(['ab', 'ab']);
  });

  test('keeps key, headers, timestamp and partition as given; the timestamp is else the virtual time', async () => {
    const test = await testApp(
      app => app.topic('in', { value }).subscribe(app.to('out', { value, headers: ['h'] })),
      { partitions: 3 },
    );
    const headers = [{ key: 'h', value: Buffer.from('x') }];
    test.pipeIn('in', [{ key: 'k', value: 'a', headers, timestamp: 5, partition: 2 }]);
    await test.advance(1000);
    test.pipeIn('in', [{ value: 'b' }]);
    const [a, b] = test
      .read('out', { key: { ...string, decode: bytes => String(bytes) }, value })
      .sort((x, y) => x.timestamp - y.timestamp);
    expect(a).toMatchObject({ key: 'k', value: 'a', headers, timestamp: 5 });
    expect(b).toMatchObject({ key: 'null', timestamp: test.clock.now() });
  });

  test('time stands still until it is advanced', async () => {
    const test = await testApp(
      app =>
        app
          .topic('in', { value })
          .pipe(batch(records => String(records.length), { maxRecords: 100, maxWaitMs: 60_000 }))
          .subscribe(app.to('out', { value })),
      { idleMs: 1e9 },
    );
    test.pipeIn('in', [{ value: 'a' }, { value: 'b' }]);
    await test.idle();
    await test.advance(59_999);
    expect(test.read('out', { value })).toEqual([]);
    await test.advance(1);
    expect(test.read('out', { value }).map(record => record.value)).toEqual(['2']);
  });

  test('idle waits for promises', async () => {
    const test = await testApp(app =>
      app
        .topic('in', { value })
        .pipe(
          mapAsync(async text => {
            for (let i = 0; i < 20; i++) await Promise.resolve();
            return `${text}!`;
          }),
        )
        .subscribe(app.to('out', { value })),
    );
    test.pipeIn('in', [{ value: 'a' }]);
    expect(test.read('out', { value })).toEqual([]);
    await test.idle();
    expect(test.read('out', { value }).map(record => record.value)).toEqual(['a!']);
  });

  test('pipeIn throws what failed the app, code and coordinates included, and so do advance and stop', async () => {
    const test = await testApp(app =>
      app.topic('in', { value: number }).subscribe(app.to('out', { value: number })),
    );
    const failure = expect.objectContaining({ code: 'DECODE', at: { topic: 'in', partition: 0, offset: 0 } });
    expect(() => test.pipeIn('in', [{ value: 'no number' }])).toThrow(failure);
    await expect(test.advance(1)).rejects.toThrow(failure);
    await expect(test.stop()).rejects.toEqual(failure);
  });

  test('rejects with what keeps the app from starting', async () => {
    await expect(testApp(() => {})).rejects.toMatchObject({ code: 'TOPOLOGY' });
    await expect(testApp(app => void app.topic('in', { value }))).rejects.toMatchObject({
      code: 'SOURCE_WITHOUT_SUBSCRIBER',
    });
  });

  test('creates the topics that the topology names, the dead letters’ and those asked for', async () => {
    const test = await testApp(app => app.topic(/^x-/, { value }).subscribe(app.to('out', { value })), {
      topics: ['x-1'],
      deadLetters: { topic: 'dead' },
      partitions: 2,
    });
    expect(['x-1', 'out', 'dead'].map(topic => test.broker.endOffsets(topic).length)).toEqual([2, 2, 2]);
    test.pipeIn('x-1', [{ value: 'a' }]);
    expect(test.read('out', { value })).toHaveLength(1);
  });

  test('shows store contents, metrics, health and committed offsets', async () => {
    const store = memoryStore<string>('history');
    const test = await testApp(app => app.topic('in', { value }).subscribe(app.store(store)));
    test.pipeIn('in', [{ value: 'a', timestamp: 3 }]);
    expect(store.documents()).toMatchObject([{ value: 'a', time: 3 }]);
    expect(test.metrics.value('kafka_rx_documents_stored_total')).toBe(1);
    expect(test.app.health().ready).toBe(true);
    expect(test.committed('in')).toEqual([-1]);
    await test.advance(1000);
    await test.idle();
    expect(test.committed('in')).toEqual([1]);
  });

  test('scripts faults: late acknowledgements, refused commits, failing writes, a broker out of reach', async () => {
    const store = memoryStore<string>('history');
    const test = await testApp(
      app => {
        app.topic('in', { value }).subscribe(app.to('out', { value }));
        app.topic(['in'], { value }).subscribe(app.store(store, { onStoreError: 'skip' }));
      },
      { commit: { every: 1 } },
    );
    test.broker.faults.delayAcknowledgements(10);
    test.broker.faults.refuseCommits(1);
    store.failWrites(2);
    test.pipeIn('in', [{ value: 'a' }]);
    await test.idle();
    expect([test.committed('in'), store.documents()]).toEqual([[-1], []]);
    await test.advance(10);
    await test.idle();
    expect(test.committed('in')).toEqual([-1]);
    await test.advance(100);
    await test.idle();
    expect(test.committed('in')).toEqual([1]);
    test.broker.faults.down();
    test.pipeIn('in', [{ value: 'b' }]);
    expect([test.read('out', { value }).length, test.app.health().ready]).toEqual([1, false]);
    test.broker.faults.up();
    test.clock.flush();
    expect(test.read('out', { value })).toHaveLength(1);
  });

  test('stop drains, commits, and gives what waits for a deadline its time', async () => {
    const test = await testApp(app =>
      app
        .topic('in', { value })
        .subscribe(app.each(record => (record.value === 'stuck' ? new Promise(() => {}) : undefined))),
    );
    test.pipeIn('in', [{ value: 'a' }, { value: 'stuck' }]);
    const began = performance.now();
    await test.stop();
    expect(performance.now() - began).toBeLessThan(5000);
    expect(test.app.health().state).toBe('stopped');
    expect(test.committed('in')).toEqual([1]);
  });

  test('is the same at each run', async () => {
    const run = async () => {
      const test = await testApp(
        app =>
          app
            .topic('in', { value })
            .pipe(mapAsync(async text => text))
            .subscribe(app.to('out', { value, keyBy: text => text })),
        { partitions: 4 },
      );
      test.pipeIn(
        'in',
        Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: `v${i}` })),
      );
      await test.idle();
      return test.broker
        .records('out')
        .map(({ partition, offset, value, timestamp }) => [partition, offset, String(value), timestamp]);
    };
    expect(await run()).toEqual(await run());
  });
});
