import { Buffer } from 'node:buffer';
import type { Codec } from '../../codecs/codec.js';
import { guardable } from '../../codecs/declared.js';
import type { Coordinates } from '../../errors/errors.js';
import { ByteReader, block } from './byte-reader.js';
import { guarded } from './guarded.js';
import { int64Bytes } from './int64.js';

/**
 * A value in an aggregate, as bytes from the moment it is taken: what its owner does to it later changes nothing, it pins no batch, and
 * what its codec cannot write is a problem of its record and not of the commit.
 */
export interface Kept {
  /** Of its record, milliseconds since 1970. */
  readonly timestamp: number;
  readonly bytes: Buffer | null;
}

export function keep<V>(codec: Codec<V>, value: V, timestamp: number): Kept {
  const bytes = codec.encode(value);
  // A codec may write into one buffer again and again.
  return { timestamp, bytes: bytes === null ? null : Buffer.from(bytes) };
}

/** For a codec that cannot read what it wrote: it lies in no topic. */
const inAggregate: Coordinates = { topic: '(aggregate)', partition: -1, offset: -1 };

/** A value of its own each time: whoever gets it may do with it as he likes. */
export function readKept<V>(codec: Codec<V>, { bytes }: Kept): V {
  // A copy: a codec may give out the bytes themselves.
  return codec.decode(bytes === null ? null : Buffer.from(bytes), inAggregate);
}

/**
 * Some of them, each as timestamp (8 bytes), length (4 bytes, -1 for null) and bytes. The card guard looks at each value.
 *
 * @param most of how many there can be: more than that was written by another aggregate
 */
export function keptList<V>(name: string, codec: Codec<V>, most: number): Codec<readonly Kept[]> {
  const encode = (all: readonly Kept[]): Buffer =>
    Buffer.concat(all.flatMap(({ timestamp, bytes }) => [int64Bytes(timestamp), ...block(bytes)]));
  const list: Codec<readonly Kept[]> = {
    name,
    decode(bytes, at) {
      const reader = new ByteReader(name, bytes, at);
      const all: Kept[] = [];
      while (!reader.isAtEnd) {
        if (all.length === most) throw reader.failure(`it holds more than ${most}`);
        all.push({ timestamp: reader.int64(), bytes: reader.block() });
      }
      return all;
    },
    encode,
  };
  return guardable(list, fields => {
    const look = guarded(codec, fields);
    return all => {
      if (fields.length > 0) for (const kept of all) look(readKept(codec, kept));
      return encode(all);
    };
  });
}
