import type { ProducerOutput } from '../../lib/drivers/port.js';
import type { Header, Headers } from '../../lib/record/headers.js';
import { noHeaders } from '../../lib/record/headers.js';
import { RecordingOutput } from './contract-client.js';
import { type ContractContext, values } from './contract-context.js';

/** What JavaScript, or a cast, may hand over: the port's types do not let it pass. */
type Anything = (key: unknown, value: unknown, headers: unknown, timestamp: unknown) => void;

const fine = Buffer.from('fine');
const neither: readonly (readonly [string, unknown])[] = [
  ['text', '4111111111111111'],
  ['undefined', undefined],
  ['a number', 7],
  ['a bigint', 7n],
  ['a boolean', true],
  ['a Date', new Date(0)],
  ['an array of bytes', [1, 2]],
  ['an object with a length', { length: 2, 0: 1, 1: 2 }],
  ['an object that only inherits from Buffer', Object.create(Buffer.prototype)],
  ['a Proxy of a Buffer', new Proxy(Buffer.from('ab'), {})],
  ['an ArrayBuffer', new ArrayBuffer(2)],
  ['a DataView', new DataView(new ArrayBuffer(2))],
  ['an array of 16-bit numbers', new Uint16Array(2)],
  ['a Promise', Promise.resolve(Buffer.from('later'))],
  ['a Promise that is rejected', () => Promise.reject(new Error('never'))],
  ['a function', () => Buffer.from('made')],
  // What was written of them was memory that is not theirs.
  ['bytes that say to be more', Object.defineProperty(Buffer.from('ab'), 'length', { value: 4096 })],
  ['bytes that say to be fewer', Object.defineProperty(Buffer.from('ab'), 'length', { value: 1 })],
  ['a symbol', Symbol('s')],
];
const noHeaderLists: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['an object', { trace: Buffer.from('1') }],
  ['a Map', new Map([['trace', Buffer.from('1')]])],
  ['text', 'trace'],
  ['a list with nothing in it', [undefined]],
  ['a list with a hole', Array(1)],
  ['a list with null', [null]],
  ['a list with a pair', [['trace', Buffer.from('1')]]],
  ['a header without a key', [{ value: null }]],
  ['a header whose key is a number', [{ key: 1, value: null }]],
  ['a header whose key is bytes', [{ key: Buffer.from('k'), value: null }]],
  ['a header without a value', [{ key: 'trace' }]],
  ['a header whose value is undefined', [{ key: 'trace', value: undefined }]],
  ['a header whose value is text', [{ key: 'trace', value: '1' }]],
  ['a header whose value is a number', [{ key: 'trace', value: 1 }]],
  [
    'a healthy header before a bad one',
    [
      { key: 'a', value: fine },
      { key: 'b', value: undefined },
    ],
  ],
  ['a header key that has no UTF-8 form', [{ key: '\ud800', value: null }]],
];
const noTimes: readonly (readonly [string, unknown])[] = [
  ['a fraction', 1_700_000_000_000.5],
  ['a small fraction', 0.1],
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-1', -1],
  ['a negative number', -86_400_000],
  ['2^53', 2 ** 53],
  ['a Date', new Date(5)],
  ['a bigint', 5n],
  ['text', '5'],
  ['undefined', undefined],
  ['null', null],
];

/** What no typed program appends, and what Kafka takes though it looks odd: every driver answers alike. */
export function adversarialProducingContract(context: ContractContext): void {
  const { setup } = context;

  async function opened(options: { readonly maxRecordBytes?: number } = {}) {
    const client = await context.client();
    const topic = await context.topic(client);
    const producer = await client.producer([topic], options);
    const heard = new RecordingOutput(client.calls);
    const output = client.calls.watch(producer.output({ topic, partition: 0 }, heard));
    const append = (value: string): void => output.append(null, Buffer.from(value), noHeaders, 1);
    // The cast is the point: JavaScript has no types.
    const appendAny = output.append.bind(output) as Anything;
    return { client, topic, producer, heard, output, append, appendAny };
  }

  async function refusesEach(
    odd: readonly (readonly [string, unknown])[],
    appendOdd: (appendAny: Anything, made: unknown) => void,
  ): Promise<void> {
    const { topic, producer, heard, append, appendAny } = await opened();
    const answers: string[] = [];
    for (const [name, thing] of odd) {
      append(`before ${name}`);
      // A rejection is made here and not in the list: unheard of it would end the process.
      const made: unknown = name.endsWith('is rejected') ? (thing as () => unknown)() : thing;
      try {
        appendOdd(appendAny, made);
        answers.push(`${name} was taken`);
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        if (code !== 'ENCODE') answers.push(`${name}: ${code ?? message}`);
        if (message.includes('4111')) answers.push(`${name} is shown`);
      }
    }
    append('the last');
    await producer.flush();
    expect(answers).toEqual([]);
    expect(heard.acknowledgedCount).toBe(odd.length + 1);
    expect(heard.refusedCount).toBe(0);
    expect(producer.bufferedBytes).toBe(0);
    expect(values(await setup.read(topic))).toEqual([...odd.map(([name]) => `before ${name}`), 'the last']);
  }

  test('a key that is neither bytes nor null is refused at append, and its neighbours are written', () =>
    refusesEach(neither, (append, key) => append(key, fine, noHeaders, 1)));

  test('a value that is neither bytes nor null is refused at append, and its neighbours are written', () =>
    refusesEach(neither, (append, value) => append(null, value, noHeaders, 1)));

  test('headers that are no list of keys and bytes are refused at append, and their neighbours are written', () =>
    refusesEach(noHeaderLists, (append, headers) => append(null, fine, headers, 1)));

  test('a time that is no whole number of milliseconds since 1970 is refused at append, and its neighbours are written', () =>
    refusesEach(noTimes, (append, time) => append(null, fine, noHeaders, time)));

  test('a header that cannot be read twice alike leaves nothing behind', async () => {
    const { topic, producer, heard, append, appendAny } = await opened();
    const throwing = {
      key: 'k',
      get value(): Buffer {
        throw new Error('4111111111111111');
      },
    };
    let reads = 0;
    const growing = {
      key: 'k',
      get value(): Buffer {
        return Buffer.alloc(20 * reads++);
      },
    };
    append('a');
    for (const headers of [[throwing], [growing], [{ key: 'x', value: fine }, growing]]) {
      try {
        appendAny(null, Buffer.from('odd'), headers, 1);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENCODE' });
      }
    }
    append('b');
    await producer.flush();
    expect(heard.refusedCount).toBe(0);
    // Taken as one of the two or refused: what is there is whole, and so is what stands beside it.
    const there = values(await setup.read(topic));
    expect(there.filter(value => value !== 'odd')).toEqual(['a', 'b']);
    expect(heard.acknowledgedCount).toBe(there.length);
  });

  test('every sort of 8-bit bytes is written', async () => {
    const { topic, producer, appendAny } = await opened();
    const plain = new Uint8Array([1, 2, 255]);
    const part = new Uint8Array([9, 1, 2, 255, 9]).subarray(1, 4);
    appendAny(plain, part, [{ key: 'h', value: plain }], 1);
    await producer.flush();
    const [read] = await setup.read(topic);
    expect([read?.key, read?.value, read?.headers[0]?.value].map(bytes => Buffer.isBuffer(bytes))).toEqual([
      true,
      true,
      true,
    ]);
    expect([read?.key?.toString('hex'), read?.value?.toString('hex')]).toEqual(['0102ff', '0102ff']);
    expect(read?.headers[0]?.value?.toString('hex')).toBe('0102ff');
  });

  test('what is changed after append is written as it was at append', async () => {
    const { topic, producer, output } = await opened();
    const reused = Buffer.from('first');
    const headers: Header[] = [{ key: 'h', value: Buffer.from('first') }];
    output.append(reused, reused, headers, 1);
    reused.write('later');
    headers[0]?.value?.write('later');
    headers.push({ key: 'late', value: null });
    output.append(reused, reused, noHeaders, 1);
    reused.fill(0);
    await producer.flush();
    const read = await setup.read(topic);
    expect(read.map(({ key, value }) => `${key}=${value}`)).toEqual(['first=first', 'later=later']);
    expect(read[0]?.headers.map(({ key, value }) => `${key}=${value}`)).toEqual(['h=first']);
  });

  test('headers may have an empty key, a long one, and the same one twice', async () => {
    const { topic, producer, heard, output } = await opened();
    const headers: Headers = [
      { key: '', value: Buffer.from('empty') },
      { key: 'k'.repeat(65_536), value: Buffer.from('long') },
      { key: 'twice', value: Buffer.from('1') },
      { key: 'twice', value: Buffer.from('2') },
      { key: 'ключ 🔑', value: Buffer.alloc(0) },
    ];
    output.append(null, Buffer.from('with'), headers, 1);
    await producer.flush();
    expect(heard.acknowledgedCount).toBe(1);
    const read = await setup.read(topic);
    const told = (of: Headers): string[] => of.map(({ key, value }) => `${key}=${value}`).sort();
    expect(told(read[0]?.headers ?? [])).toEqual(told(headers));
  });

  const withNull = async () => {
    const { topic, producer, heard, output, append } = await opened();
    append('a');
    output.append(null, Buffer.from('null'), [{ key: 'nothing', value: null }], 1);
    append('b');
    await producer.flush();
    return { written: values(await setup.read(topic)), heard };
  };

  context.unless('nullHeaders')('a header may have null for its value', async () => {
    expect((await withNull()).written).toEqual(['a', 'null', 'b']);
  });

  test('a header whose value is null is nothing to the records beside it', async () => {
    const { written, heard } = await withNull();
    expect(written.filter(value => value !== 'null')).toEqual(['a', 'b']);
    expect(heard.acknowledgedCount).toBe(written.length);
    expect(heard.acknowledgedCount + heard.refusedCount).toBe(3);
  });

  test('times may be 0, of either sign, and far apart', async () => {
    const { topic, producer, output } = await opened();
    const times = [1_700_000_000_000, 0, -0, 1, 1_700_000_000_000];
    for (const time of times) output.append(null, null, noHeaders, time);
    await producer.flush();
    expect((await setup.read(topic)).map(({ timestamp }) => timestamp)).toEqual([
      1_700_000_000_000, 0, 0, 1, 1_700_000_000_000,
    ]);
  });

  test.each([
    ['value', (bytes: number) => [null, Buffer.alloc(bytes), noHeaders] as const],
    ['key', (bytes: number) => [Buffer.alloc(bytes), null, noHeaders] as const],
    ['headers', (bytes: number) => [null, null, [{ key: 'é', value: Buffer.alloc(bytes - 2) }]] as const],
  ])(
    'a %s of maxRecordBytes is sent, and one byte more is refused',
    async (_, made: (bytes: number) => readonly [Buffer | null, Buffer | null, Headers]) => {
      const { producer, heard, output } = await opened({ maxRecordBytes: 5_000 });
      for (const bytes of [4_999, 5_000, 5_001, 5_000]) output.append(...made(bytes), 1);
      await producer.flush();
      expect(heard.heard.flatMap(({ count, code }) => Array<string>(count).fill(code ?? 'sent'))).toEqual([
        'sent',
        'sent',
        'RECORD_TOO_LARGE',
        'sent',
      ]);
    },
  );

  test('there is no way into a partition that does not exist', async () => {
    const { client, topic, producer } = await opened();
    const listener = new RecordingOutput(client.calls);
    const odd: unknown[] = [-1, 1, 1.5, Number.NaN, 2 ** 31, '0', undefined, null];
    const answers = odd.map(partition => {
      try {
        // The cast is the point: JavaScript has no types.
        const output: ProducerOutput = producer.output({ topic, partition: partition as number }, listener);
        return `${String(partition)} gave ${typeof output}`;
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(answers).toEqual(odd.map(() => 'DRIVER'));
    expect(() => producer.output({ topic: context.name('unprepared'), partition: 0 }, listener)).toThrow(
      expect.objectContaining({ code: 'DRIVER' }),
    );
    await producer.flush();
  });

  test.each(['', '.', '..', 'with space', 'ünicode', 'x'.repeat(250), '__proto__', 'constructor'])(
    'no topic can be written that is called %j',
    async name => {
      const client = await context.client();
      await expect(client.producer([name])).rejects.toMatchObject({ code: 'MISSING_TOPIC' });
    },
  );
}
