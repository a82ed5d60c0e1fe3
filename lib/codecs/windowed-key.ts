import type { Buffer } from 'node:buffer';
import type { Codec } from './codec.js';
import { guardable, guardedEncode } from './declared.js';
import { encodeFailure } from './failure.js';

/** What a codec of keys in windows does with the key and the times; `name` is its own. */
export interface WindowedKey<K, W extends { readonly key: K }> {
  readonly name: string;
  readonly codec: Codec<K>;
  /** Bytes behind the key. */
  readonly behind: number;
  decode: Codec<W>['decode'];
  /** Puts the times behind the key. */
  put(key: Buffer, windowed: W): Buffer;
}

/** The same in every copy of the library. */
const timesBehind: unique symbol = Symbol.for('kafka-rx.times-behind-key') as never;

/** Bytes behind the key that do not count for its partition: the times of a window. 0: there are none. */
export function timesBehindKey(codec: object | undefined): number {
  return (codec as { readonly [timesBehind]?: number } | undefined)?.[timesBehind] ?? 0;
}

export function windowedKey<K, W extends { readonly key: K }>(made: WindowedKey<K, W>): Codec<W> {
  const { name, codec, behind, put } = made;
  const encoding =
    (encode: (key: K) => Buffer | null) =>
    (windowed: W): Buffer => {
      const key = encode(windowed.key);
      if (key === null) throw encodeFailure(name, 'its key is null, which has no place before the times');
      return put(key, windowed);
    };
  const prepare = codec.prepare?.bind(codec);
  const windowed: Codec<W> & { readonly [timesBehind]: number } = {
    [timesBehind]: behind,
    name,
    decode: made.decode,
    encode: encoding(key => codec.encode(key)),
    ...(prepare === undefined
      ? {}
      : { prepare: batch => prepare(batch.map(bytes => bytes?.subarray(0, -behind) ?? null)) }),
  };
  const under = guardedEncode(codec);
  return under === undefined
    ? windowed
    : guardable(windowed, (fields, lent) => encoding(under(fields, lent)));
}

/** @throws `ENCODE` for times that Kafka Streams would not read */
export function checkTimes(
  name: string,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) return;
  throw encodeFailure(name, 'its times are no whole numbers of milliseconds, 0 <= start <= end');
}
