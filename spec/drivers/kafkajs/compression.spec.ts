import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { compressionOf, decompress } from '../../../lib/drivers/kafkajs/compression/batch-compression.js';
import type { Compression } from '../../../lib/drivers/kafkajs/index.js';
import type { BatchCompression } from '../../../lib/drivers/kafkajs/protocol/record-batch-builder.js';
import { isKafkaRxError, type KafkaRxError } from '../../../lib/errors/errors.js';

const registry = kafkajs.CompressionCodecs as unknown as Record<number, () => object>;
const kinds = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const at = { topic: 'orders', partition: 2, offset: 41 };
const mib = 1024 * 1024;

async function codec(compression: Exclude<Compression, 'none'>): Promise<BatchCompression> {
  const found = await compressionOf(compression);
  if (found === undefined) throw new Error(`no ${compression}`);
  return found;
}

const thrown = async (work: Promise<unknown>): Promise<KafkaRxError> => {
  const error: unknown = await work.then(
    () => undefined,
    reason => reason,
  );
  if (!isKafkaRxError(error)) throw new Error(`not a KafkaRxError: ${error}`);
  return error;
};

describe.each(kinds)('%s', kind => {
  test('gives back what it was given: anything, nothing, a mebibyte, what cannot be compressed', async () => {
    const { id, compress } = await codec(kind);
    const survives = async (bytes: Buffer): Promise<void> => {
      // The size of an LZ4 frame is known by whole blocks alone, of 4 MiB at most.
      const limit = bytes.length + (kind === 'lz4' ? 4 * mib : 1);
      expect((await decompress(id, await compress(bytes), limit, at)).equals(bytes)).toBe(true);
    };
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), array => survives(Buffer.from(array))),
    );
    await survives(Buffer.alloc(0));
    await survives(Buffer.alloc(mib, 'purchase '));
    await survives(randomBytes(mib));
  });

  test('makes a batch of like records smaller', async () => {
    const { compress } = await codec(kind);
    expect((await compress(Buffer.alloc(mib, 'purchase '))).length).toBeLessThan(mib / 10);
  });

  test('a batch that holds more than the limit is refused by its coordinates', async () => {
    const { id, compress } = await codec(kind);
    const bomb = await compress(Buffer.alloc(64 * mib));
    expect(bomb.length).toBeLessThan(4 * mib);
    expect(await thrown(decompress(id, bomb, mib, at))).toMatchObject({
      code: 'DRIVER',
      at,
      retriable: false,
    });
    const { message } = await thrown(decompress(id, bomb, mib, at));
    expect(message).toContain(`compressed with ${kind} holds more than ${mib} bytes`);
    expect(message).toContain('maxDecompressedBytes');
  });

  test('bytes that are none of it are an error that names it, and never a crash', async () => {
    const { id } = await codec(kind);
    const error = await thrown(decompress(id, Buffer.from('this was never compressed'), mib, at));
    expect(error).toMatchObject({ code: 'DRIVER', at });
    expect(error.message).toContain(kind);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async array => {
        const [outcome] = await Promise.allSettled([decompress(id, Buffer.from(array), mib, at)]);
        if (outcome.status === 'rejected') expect(isKafkaRxError(outcome.reason, 'DRIVER')).toBe(true);
        else expect(outcome.value.length).toBeLessThanOrEqual(mib);
      }),
    );
  });

  test('what the user registered in kafkajs goes before ours, both ways, and stays there', async () => {
    const { id } = await codec(kind);
    const before = registry[id] as () => object;
    const mine = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => Buffer.concat([Buffer.from('mine'), buffer]),
      decompress: async (bytes: Buffer) => bytes.subarray(4),
    });
    registry[id] = mine;
    try {
      const { compress } = await codec(kind);
      expect((await compress(Buffer.from('abc'))).toString()).toBe('mineabc');
      expect((await decompress(id, Buffer.from('mineabc'), mib, at)).toString()).toBe('abc');
      expect(registry[id]).toBe(mine);
    } finally {
      registry[id] = before;
    }
    expect((await (await codec(kind)).compress(Buffer.from('abc'))).toString()).not.toBe('mineabc');
  });
});

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'hex');

test('snappy is read as a raw block, and in the frame of the JVM with its many blocks', async () => {
  const [hello, world] = ['051068656c6c6f', '061420776f726c64'];
  const frame = '82534e415050590000000001' + '00000001';
  const text = async (bytes: Buffer): Promise<string> => (await decompress(2, bytes, mib, at)).toString();
  expect(await text(hex(hello))).toBe('hello');
  expect(await text(hex(frame, '00000007', hello, '00000008', world))).toBe('hello world');
  expect((await thrown(text(hex(frame, '00000007', hello, '00000009', world)))).message).toContain('broken');
});

test('zstd is read where its frame declares no size, and bounded there too', async () => {
  // Blocks of 128 KiB that repeat one byte (RFC 8878, 3.1.1.2): bits for "last" and for the kind, then the size.
  const block = (last: boolean): Buffer => {
    const bytes = Buffer.alloc(4, 'x');
    bytes.writeUIntLE((128 * 1024 * 8) | 2 | Number(last), 0, 3);
    return bytes;
  };
  const frame = (blocks: number): Buffer =>
    Buffer.concat([
      hex('28b52ffd0058'),
      ...Array.from({ length: blocks }, (_, i) => block(i === blocks - 1)),
    ]);
  expect((await decompress(4, frame(24), 3 * mib, at)).equals(Buffer.alloc(3 * mib, 'x'))).toBe(true);
  expect((await thrown(decompress(4, frame(25), 3 * mib, at))).message).toContain(
    `more than ${3 * mib} bytes`,
  );
});

test('a zstd frame that declares gigabytes is refused before there is room for them', async () => {
  const frame = hex('28b52ffd', 'a0', '000000f0', '010000');
  expect(await thrown(decompress(4, frame, mib, at))).toMatchObject({ code: 'DRIVER', at });
});

test('nothing is written into the registry of kafkajs', async () => {
  const before = { ...registry };
  for (const kind of kinds) await (await codec(kind)).compress(Buffer.from('abc'));
  expect(registry).toEqual(before);
  expect(() => registry[2]?.()).toThrow('not implemented');
});

test.each([5, 6, 7])(
  'codec %i, which nobody knows, is an error with its number and coordinates',
  async id => {
    const error = await thrown(decompress(id, Buffer.from('abc'), mib, at));
    expect(error).toMatchObject({ code: 'DRIVER', at, retriable: false });
    expect(error.message).toContain(`codec ${id}`);
    expect(error.message).toContain('CompressionCodecs');
  },
);

test('`none` compresses nothing, and a name that is none is refused', async () => {
  expect(await compressionOf('none')).toBeUndefined();
  const error = await thrown(compressionOf('brotli' as Compression));
  expect(error).toMatchObject({ code: 'CONFIGURATION' });
  expect(error.message).toContain('none, gzip, snappy, lz4, zstd');
});

describe('without the packages', () => {
  const packages = { snappy: 'snappy', lz4: 'lz4-napi', zstd: '@bokuweb/zstd-wasm' } as const;
  const ids = { snappy: 2, lz4: 3, zstd: 4 } as const;

  beforeEach(() => {
    jest.resetModules();
    jest.doMock('node:zlib', () => ({ gzip: undefined, gunzip: undefined }));
    for (const name of Object.values(packages)) {
      jest.doMock(name, () => {
        throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
      });
    }
  });
  afterEach(() => {
    for (const name of ['node:zlib', ...Object.values(packages)]) jest.dontMock(name);
    jest.resetModules();
  });

  test.each(['snappy', 'lz4', 'zstd'] as const)('%s says what to install', async kind => {
    const without = await import('../../../lib/drivers/kafkajs/compression/batch-compression.js');
    const read = await thrown(without.decompress(ids[kind], Buffer.from('abc'), mib, at));
    expect(read).toMatchObject({ code: 'DRIVER', at, retriable: false });
    expect(read.message).toContain(kind);
    expect(read.message).toContain(`npm install ${packages[kind]}`);
    const written = await thrown(without.compressionOf(kind));
    expect(written).toMatchObject({ code: 'CONFIGURATION' });
    expect(written.message).toContain(`npm install ${packages[kind]}`);
  });
});
