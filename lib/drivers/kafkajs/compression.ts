import kafkajs, { CompressionTypes } from 'kafkajs';
import { KafkaRxError } from '../../errors.js';
import type { Compression } from './options.js';
import type { BatchCompression } from './protocol/record-batch-encoder.js';

// Node's ESM loader does not find this export of kafkajs's by name: only what stands before it in its index.js.
const { CompressionCodecs } = kafkajs;

/** A codec as kafkajs has it (src/protocol/message/compression/gzip.js); what users register has this shape too. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/** Kafka's numbers of the codecs. */
export const compressionIds: Readonly<Record<Exclude<Compression, 'none'>, CompressionTypes>> = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

/** The codec of that number, from kafkajs's registry. Throws `DRIVER` for one that is not registered. */
function codecOf(id: number): Codec {
  const name = Object.entries(compressionIds).find(([, number]) => number === id)?.[0] ?? `codec ${id}`;
  try {
    // The registry is keyed by Kafka's numbers; one that is missing throws or is no function, which is caught.
    const make = (CompressionCodecs as Record<number, () => Codec>)[id];
    if (make !== undefined) return make();
  } catch (cause) {
    throw unregistered(name, cause);
  }
  throw unregistered(name, undefined);
}

/** Decompresses the records of a fetched batch. */
export async function decompress(id: number, bytes: Buffer): Promise<Buffer> {
  return codecOf(id).decompress(bytes);
}

/** The compression of produced batches, undefined for none. Throws at once where its codec is not registered. */
export function compressionOf(compression: Compression): BatchCompression | undefined {
  if (compression === 'none') return undefined;
  const id = compressionIds[compression];
  const codec = codecOf(id);
  return { id, compress: buffer => codec.compress({ buffer }) };
}

function unregistered(name: string, cause: unknown): KafkaRxError {
  return new KafkaRxError('DRIVER', `kafkajs has no codec for ${name}`, {
    cause,
    remedy: "Register one in kafkajs's `CompressionCodecs` before `run`; `gzip` is built in.",
  });
}
