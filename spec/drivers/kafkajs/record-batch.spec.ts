import fc from 'fast-check';
import { crc32c } from '../../../lib/drivers/kafkajs/protocol/crc32c.js';
import {
  type BatchCompression,
  type OutgoingRecord,
  payloadBytes,
  RecordBatchBuilder,
  recordBytes,
} from '../../../lib/drivers/kafkajs/protocol/record-batch-builder.js';
import {
  type AbortedTransaction,
  type Decompression,
  RecordCursor,
  type RecordSet,
  readRecordSet,
} from '../../../lib/drivers/kafkajs/protocol/record-batch-reader.js';
import type { SourceRecord } from '../../../lib/drivers/port.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';

const plain: Decompression = {
  decompress: async () => {
    throw new Error('not compressed');
  },
  enoughBytes: 1_000_000,
};
const from = (offset: number) => ({ topic: 't', partition: 3, offset });

const outgoing = (value: string | null, timestamp = 5): OutgoingRecord => ({
  key: null,
  value: value === null ? null : Buffer.from(value),
  headers: [],
  timestamp,
});

function builderOf(records: readonly OutgoingRecord[]): RecordBatchBuilder {
  const builder = new RecordBatchBuilder(Buffer.alloc(64));
  for (const one of records) {
    const { key, value, headers, timestamp } = one;
    builder.append(key, value, headers, timestamp, boundOf(one));
  }
  return builder;
}

function boundOf({ key, value, headers }: OutgoingRecord): number {
  return recordBytes(payloadBytes(key, value, headers), headers.length);
}

function encodeRecordBatch(
  records: readonly OutgoingRecord[],
  compression: BatchCompression | undefined,
): Promise<Buffer> {
  return builderOf(records).seal(compression);
}

interface BatchShape {
  readonly baseOffset?: number;
  readonly lastOffsetDelta?: number;
  readonly attributes?: number;
  readonly producerId?: bigint;
}

/** With the checksum of what it is now. */
function checked(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

/** A batch as it lies in a log, its header rewritten. */
async function batch(values: readonly OutgoingRecord[], shape: BatchShape = {}): Promise<Buffer> {
  const bytes = await encodeRecordBatch(values, undefined);
  bytes.writeBigInt64BE(BigInt(shape.baseOffset ?? 0), 0);
  if (shape.attributes !== undefined) bytes.writeInt16BE(shape.attributes, 21);
  if (shape.lastOffsetDelta !== undefined) bytes.writeInt32BE(shape.lastOffsetDelta, 23);
  if (shape.producerId !== undefined) bytes.writeBigInt64BE(shape.producerId, 43);
  return checked(bytes);
}

const transactional = 0x10;
const control = 0x30;
const marker = (type: 'abort' | 'commit'): OutgoingRecord => ({
  key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]),
  value: Buffer.alloc(6),
  headers: [],
  timestamp: 5,
});

function all(set: RecordSet): SourceRecord[] {
  const cursor = new RecordCursor(set.runs);
  const records: SourceRecord[] = [];
  for (let record = cursor.next(); record !== undefined; record = cursor.next()) records.push(record);
  expect(cursor.next()).toBeUndefined();
  expect(records).toHaveLength(set.count);
  return records;
}

async function read(set: Buffer, offset = 0, aborted: readonly AbortedTransaction[] = []) {
  const found = await readRecordSet(set, from(offset), aborted, plain);
  return {
    nextOffset: found.nextOffset,
    values: all(found).map(({ offset: at, value }) => `${at}:${value}`),
  };
}

test('CRC-32C is the published one', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
});

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array)));
const record: fc.Arbitrary<OutgoingRecord> = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.array(fc.record({ key: fc.string({ unit: 'binary', maxLength: 40 }), value: bytes }), {
    maxLength: 4,
  }),
  timestamp: fc.oneof(fc.constant(-1), fc.nat(), fc.integer({ min: 0, max: 2 ** 50 })),
});

test('what is encoded is decoded again: nulls, unicode, duplicate headers in order, any timestamp', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 30 }), async records => {
      const builder = builderOf(records);
      const encoded = await builder.seal(undefined);
      expect(encoded.length).toBeLessThanOrEqual(records.reduce((sum, one) => sum + boundOf(one), 61));
      expect(encoded.length).toBe(builder.size);
      const found = all(await readRecordSet(encoded, from(0), [], plain));
      expect(found).toEqual(records.map((one, offset) => ({ ...one, offset })));
      // What a batch is taken apart by, when one of its records is refused.
      expect(builder.records()).toMatchObject(records);
    }),
  );
});

test('timestamps too far apart for a delta are not for one batch', () => {
  const builder = builderOf([outgoing('a', 0)]);
  expect([builder.takes(1), builder.takes(-1), builder.takes(Number.MAX_SAFE_INTEGER)]).toEqual([
    ...[true, true, false],
  ]);
});

test('records are handed out from the offset on, also where it lies inside a batch', async () => {
  const set = Buffer.concat([
    await batch(
      ['a', 'b', 'c'].map(value => outgoing(value)),
      { baseOffset: 10 },
    ),
    await batch([outgoing('d')], { baseOffset: 13 }),
  ]);
  expect(await read(set, 11)).toEqual({ values: ['11:b', '12:c', '13:d'], nextOffset: 14 });
  expect(await read(set, 13)).toEqual({ values: ['13:d'], nextOffset: 14 });
});

test('a batch that the response cuts off is left for the next fetch', async () => {
  const whole = await batch([outgoing('a')], { baseOffset: 0 });
  const cut = (await batch([outgoing('b')], { baseOffset: 1 })).subarray(0, -3);
  expect(await read(Buffer.concat([whole, cut]))).toEqual({ values: ['0:a'], nextOffset: 1 });
});

test('an answer without a single whole batch is an error: it would be asked for and come again for ever', async () => {
  const cut = (await batch([outgoing('b')], { baseOffset: 1 })).subarray(0, -3);
  for (const bytes of [cut, cut.subarray(0, 20)]) {
    await expect(read(bytes, 1)).rejects.toMatchObject({ code: 'DRIVER', at: { offset: 1 } });
  }
});

test('the next offset passes what compaction removed from the end of a batch', async () => {
  const compacted = await batch([outgoing('a')], { baseOffset: 0, lastOffsetDelta: 7 });
  expect(await read(compacted)).toEqual({ values: ['0:a'], nextOffset: 8 });
  expect(await read(compacted, 3)).toEqual({ values: [], nextOffset: 8 });
});

test('no record of an aborted transaction comes out, though two are open where the fetch begins', async () => {
  // kafkajs's filter takes one transaction from the list for each record, and lets 10 through.
  const set = Buffer.concat([
    await batch([outgoing('of B')], { baseOffset: 10, attributes: transactional, producerId: 2n }),
    await batch([outgoing('of A')], { baseOffset: 11, attributes: transactional, producerId: 1n }),
    await batch([outgoing('good')], { baseOffset: 12 }),
    await batch([marker('abort')], { baseOffset: 13, attributes: control, producerId: 2n }),
    await batch([outgoing('B again')], { baseOffset: 14, attributes: transactional, producerId: 2n }),
    await batch([marker('commit')], { baseOffset: 15, attributes: control, producerId: 2n }),
  ]);
  const aborted = [
    { producerId: 2n, firstOffset: 6 },
    { producerId: 1n, firstOffset: 5 },
  ];
  expect(await read(set, 10, aborted)).toEqual({ values: ['12:good', '14:B again'], nextOffset: 16 });
});

test('a committed transaction after the marker that the fetch begins with is not taken for the aborted one', async () => {
  const set = Buffer.concat([
    await batch([marker('abort')], { baseOffset: 5, attributes: control, producerId: 1n }),
    await batch([outgoing('good')], { baseOffset: 6, attributes: transactional, producerId: 1n }),
    await batch([marker('commit')], { baseOffset: 7, attributes: control, producerId: 1n }),
  ]);
  expect(await read(set, 5, [{ producerId: 1n, firstOffset: 2 }])).toEqual({
    values: ['6:good'],
    nextOffset: 8,
  });
});

test('a user key that looks like an abort marker aborts nothing', async () => {
  const set = Buffer.concat([
    await batch([{ ...outgoing('hidden'), key: Buffer.alloc(4) }], {
      attributes: transactional,
      producerId: 1n,
    }),
    await batch([outgoing('hidden too')], { baseOffset: 1, attributes: transactional, producerId: 1n }),
  ]);
  expect(await read(set, 0, [{ producerId: 1n, firstOffset: 0 }])).toEqual({ values: [], nextOffset: 2 });
});

test('a batch of an old format is an error that says so', async () => {
  const old = await batch([outgoing('a')]);
  old.writeInt8(1, 16);
  await expect(readRecordSet(old, from(0), [], plain)).rejects.toMatchObject({ code: 'DRIVER' });
});

/** Lies in the log as if compressed: what `mirror` makes of it are its bytes as they are. */
async function compressed(value: string, baseOffset: number): Promise<Buffer> {
  const codec = { id: 2, compress: async (records: Buffer) => records };
  const bytes = await encodeRecordBatch([outgoing(value)], codec);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  return bytes;
}

const mirror = (enoughBytes: number): Decompression => ({
  decompress: async (_, bytes) => bytes,
  enoughBytes,
});

test.each([
  ['compressed', compressed],
  ['plain', (value: string, baseOffset: number) => batch([outgoing(value)], { baseOffset })],
])(
  'what precedes a damaged %s batch comes out first, then the error with its coordinates',
  async (_, make) => {
    const damaged = await make('b', 7);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
    const rest = Buffer.concat([damaged, await compressed('c', 8)]);
    const set = Buffer.concat([await compressed('a', 5), rest]);
    const first = await readRecordSet(set, from(5), [], mirror(1_000));
    expect(first).toMatchObject({ count: 1, nextOffset: 6 });
    await expect(readRecordSet(rest, from(first.nextOffset), [], mirror(1_000))).rejects.toMatchObject({
      code: 'DRIVER',
      at: { topic: 't', partition: 3, offset: 7 },
      message: expect.stringContaining('checksum'),
    });
  },
);

test('batches that hold much are left for the next fetch once there is enough', async () => {
  const set = Buffer.concat([await compressed('a', 0), await compressed('b', 1), await compressed('c', 2)]);
  expect(await readRecordSet(set, from(0), [], mirror(1))).toMatchObject({ count: 1, nextOffset: 1 });
  expect(await readRecordSet(set, from(1), [], mirror(1))).toMatchObject({ count: 1, nextOffset: 2 });
  expect(await readRecordSet(set, from(0), [], mirror(1_000))).toMatchObject({ count: 3, nextOffset: 3 });
});

/** One answer with batches of each kind, and the offset behind each. */
async function everyKind(): Promise<{
  readonly batches: readonly Buffer[];
  readonly ends: readonly number[];
}> {
  const of = (...values: string[]) => values.map(value => outgoing(value));
  return {
    batches: [
      await batch(of('a', 'b'), { baseOffset: 8 }),
      await batch(of('hidden', 'hidden'), { baseOffset: 10, attributes: transactional, producerId: 7n }),
      await compressed('c', 12),
      await batch([marker('abort')], { baseOffset: 13, attributes: control, producerId: 7n }),
      await batch(of('d', 'e', 'f'), { baseOffset: 14, attributes: transactional, producerId: 7n }),
      await batch([marker('commit')], { baseOffset: 17, attributes: control, producerId: 7n }),
      await batch(of('g', 'h'), { baseOffset: 18 }),
    ],
    ends: [10, 12, 13, 14, 17, 18, 20],
  };
}

const truth = ['8:a', '9:b', '12:c', '14:d', '15:e', '16:f', '18:g', '19:h'];
/** Of the leader epoch, of which the records are not made. */
const harmless: ReadonlySet<number> = new Set([12, 13, 14, 15]);

/** All that comes of these batches, fetched on from wherever an answer ends, as a broker would give them. */
async function readOn(batches: readonly Buffer[], ends: readonly number[]) {
  const values: string[] = [];
  const aborted = [{ producerId: 7n, firstOffset: 10 }];
  for (let offset = 8; offset < 20; ) {
    const open = ends.findIndex(end => end > offset);
    const set = Buffer.concat(batches.slice(open));
    try {
      const found = await readRecordSet(set, from(offset), offset < 14 ? aborted : [], mirror(1_000));
      values.push(...all(found).map(({ offset: at, value }) => `${at}:${value}`));
      if (found.nextOffset === offset) return { values, outcome: 'stands still' };
      offset = found.nextOffset;
    } catch (error) {
      return { values, outcome: error instanceof KafkaRxError && error.code === 'DRIVER' ? 'told' : error };
    }
  }
  return { values, outcome: 'all' };
}

test('no bit of a batch header that flips on the way passes in silence, whatever the batch', async () => {
  const { batches, ends } = await everyKind();
  expect(await readOn(batches, ends)).toEqual({ values: truth, outcome: 'all' });
  for (const [i, whole] of batches.entries()) {
    for (let bit = 0; bit < 61 * 8; bit++) {
      const byte = bit >> 3;
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(byte) ^ (1 << (bit & 7)), byte);
      if (byte < 8) continue; // no checksum covers the offset: below
      const { values, outcome } = await readOn(batches.with(i, flipped), ends);
      expect([i, byte, outcome]).toEqual([i, byte, harmless.has(byte) ? 'all' : 'told']);
      // What came before it is right, and nothing is left out of it.
      expect(values).toEqual(truth.slice(0, values.length));
    }
  }
});

test('nor one of its offset, which no checksum covers, between others of an answer', async () => {
  const { batches, ends } = await everyKind();
  for (const [i, whole] of batches.entries()) {
    // At the edges nothing says what it was.
    if (i === 0 || i === batches.length - 1) continue;
    for (let bit = 0; bit < 64; bit++) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const aborted = [{ producerId: 7n, firstOffset: 10 }];
      const set = Buffer.concat(batches.with(i, flipped));
      const { nextOffset } = await readRecordSet(set, from(8), aborted, mirror(1_000));
      expect([i, bit, nextOffset]).toEqual([i, bit, ends[i - 1]]);
    }
  }
});

test('no bit of its records does either, and none of what is passed over', async () => {
  const { batches, ends } = await everyKind();
  for (const [i, whole] of batches.entries()) {
    for (let bit = 61 * 8; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const { values, outcome } = await readOn(batches.with(i, flipped), ends);
      expect([i, bit, outcome]).toEqual([i, bit, 'told']);
      expect(values).toEqual(truth.slice(0, values.length));
    }
  }
});
