/**
 * Which codec compresses and decompresses a batch: the one that the user registered in kafkajs's `CompressionCodecs`,
 * or ours. Nothing is ever written into that registry, which all clients of the process share; ours are loaded at the
 * first batch that needs them.
 */

import kafkajs, { CompressionTypes } from 'kafkajs';
import { type Coordinates, errorKind, KafkaRxError } from '../../../errors/errors.js';
import { isInstance } from '../../../errors/is-instance.js';
import { isNotImplemented, kafkajsGzip } from '../internals/codecs.js';
import type { Compression } from '../options.js';
import { pastTheBatch } from '../protocol/past-the-batch.js';
import type { BatchCompression } from '../protocol/record-batch-builder.js';
import { type Codec, TooLarge } from './codec.js';
import { gzip } from './gzip.js';
import { loadLz4 } from './lz4.js';
import { loadSnappy } from './snappy.js';
import { loadZstd } from './zstd.js';

// Node's ESM loader does not find this export of kafkajs's by name: only what stands before it in its index.js.
const { CompressionCodecs } = kafkajs;

/** A codec as kafkajs has it (src/protocol/message/compression/gzip.js); what users register has this shape too. */
interface KafkajsCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

interface BuiltIn {
  readonly name: Exclude<Compression, 'none'>;
  readonly id: number;
  /** What is to be done for it; nothing for what Node has. */
  readonly needs: string;
  readonly load: () => Promise<Codec>;
}

const builtIns: readonly BuiltIn[] = [
  { name: 'gzip', id: CompressionTypes.GZIP, needs: '', load: async () => gzip },
  { name: 'snappy', id: CompressionTypes.Snappy, needs: '`npm install snappy`', load: loadSnappy },
  { name: 'lz4', id: CompressionTypes.LZ4, needs: '`npm install lz4-napi`', load: loadLz4 },
  {
    name: 'zstd',
    id: CompressionTypes.ZSTD,
    needs: '`npm install @bokuweb/zstd-wasm`, or Node 22.15 or later',
    load: loadZstd,
  },
];

/** The codecs that were loaded, for the whole process; what failed is tried again. */
const loaded = new Map<number, Codec>();

/** The compression of produced batches, undefined for none. Rejects with `CONFIGURATION` where its codec cannot be had. */
export async function compressionOf(compression: Compression): Promise<BatchCompression | undefined> {
  if (compression === 'none') return undefined;
  const builtIn = builtIns.find(({ name }) => name === compression);
  if (builtIn === undefined) {
    throw new KafkaRxError('CONFIGURATION', `kafkajs({ compression }) knows no "${compression}"`, {
      remedy: `Choose one of none, ${builtIns.map(({ name }) => name).join(', ')}.`,
    });
  }
  try {
    const codec = await codecOf(builtIn.id);
    return { id: builtIn.id, compress: records => codec.compress(records) };
  } catch (cause) {
    throw new KafkaRxError('CONFIGURATION', `kafkajs({ compression: '${compression}' }) has no codec`, {
      cause,
      remedy: remedyFor(builtIn),
    });
  }
}

/**
 * Decompresses the records of a fetched batch, to at most `limit` bytes where the codec is ours. Rejects with `DRIVER`,
 * the codec's name and the coordinates.
 *
 * @param id Kafka's number of the codec
 */
export async function decompress(id: number, bytes: Buffer, limit: number, at: Coordinates): Promise<Buffer> {
  const builtIn = builtIns.find(codec => codec.id === id);
  const name = builtIn?.name ?? `codec ${id}`;
  let codec: Codec;
  try {
    codec = await codecOf(id);
  } catch (cause) {
    throw new KafkaRxError('DRIVER', `A batch is compressed with ${name}, which cannot be read here`, {
      at,
      cause,
      remedy: `${remedyFor(builtIn)} Nothing is lost: the batch is read again.`,
    });
  }
  try {
    return await codec.decompress(bytes, limit);
  } catch (cause) {
    if (isInstance(cause, TooLarge)) {
      throw new KafkaRxError('DRIVER', `A batch compressed with ${name} holds more than ${limit} bytes`, {
        at,
        remedy: `If it is sound, raise \`maxDecompressedBytes\`; if not, ${pastTheBatch}`,
      });
    }
    throw new KafkaRxError('DRIVER', `A batch compressed with ${name} is broken: ${errorKind(cause)}`, {
      at,
      cause,
      remedy: `Repair the topic, or ${pastTheBatch}`,
    });
  }
}

function remedyFor(builtIn: BuiltIn | undefined): string {
  const register = "a codec registered in kafkajs's `CompressionCodecs` before `run`";
  return builtIn === undefined || builtIn.needs === ''
    ? `It needs ${register}.`
    : `It needs ${builtIn.needs}, or ${register}.`;
}

async function codecOf(id: number): Promise<Codec> {
  const users = await registered(id);
  if (users !== undefined) return users;
  const known = loaded.get(id);
  if (known !== undefined) return known;
  const builtIn = builtIns.find(codec => codec.id === id);
  if (builtIn === undefined) throw new Error(`no codec has the number ${id}`);
  const codec = await builtIn.load();
  loaded.set(id, codec);
  return codec;
}

/** What kafkajs put into its registry itself: stands for no codec but gzip. */
const placeholders = new WeakSet<() => KafkajsCodec>();

/** The user's codec of that number. */
async function registered(id: number): Promise<Codec | undefined> {
  // Keyed by Kafka's numbers; kafkajs types it for those that it knows.
  const make = (CompressionCodecs as Record<number, (() => KafkajsCodec) | undefined>)[id];
  if (make === undefined || placeholders.has(make)) return undefined;
  try {
    const codec = make();
    if (codec !== (await kafkajsGzip())) {
      return {
        compress: buffer => codec.compress({ buffer }),
        decompress: bytes => codec.decompress(bytes),
      };
    }
  } catch (error) {
    if (!isNotImplemented(error)) throw error;
  }
  placeholders.add(make);
  return undefined;
}
