import { having, required, whole } from '../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { KafkaRxError } from '../errors/errors.js';
import { readTimeWindowKey, timeWindowKey } from '../state/window-keys.js';
import type { TimeWindow } from '../time/windows.js';
import { type Codec, codecKind } from './codec.js';
import { decodeFailure, encodeFailure } from './failure.js';
import { checkTimes, windowedKey } from './windowed-key.js';

/**
 * A key in a window, as results of windows have it.
 *
 * @category State @since 0.1.0
 */
export interface Windowed<K> extends TimeWindow {
  readonly key: K;
}

/** @category State @since 0.1.0 */
export interface WindowedOptions {
  /** Milliseconds from a window's start to its end, for reading: it is not in the bytes. Of sliding windows `differenceMs`. */
  readonly sizeMs?: number | undefined;
  /** In its place: windows that differ in length, such as `calendar('day', { … })`. */
  readonly window?: WindowsByTime | undefined;
}

/** Windows of which each moment is in one. */
export interface WindowsByTime {
  windowOf(time: number): TimeWindow;
}

const windowedOptions: Fields<WindowedOptions> = {
  sizeMs: whole(0),
  window: having('a calendar window', 'windowOf'),
};

/**
 * Keys in windows of time, as Kafka Streams' `TimeWindowedSerde` writes and reads them: the key's bytes, then the window's start in 8 bytes,
 * big-endian. For reading, one of the options says where a window ends.
 *
 * Throws what the key's codec throws; `ENCODE` for times that are no whole numbers from 0 up, for an end that reading would not give back, and for a
 * key of null; `DECODE` for fewer than 8 bytes and for a start beyond 2^53; `CONFIGURATION` where one is read without an option.
 *
 * @param codec of the keys
 * @example
 * ```ts
 * const key = windowed(string, { sizeMs: 60_000 });
 * ```
 * @category State @since 0.1.0
 */
export function windowed<K>(codec: Codec<K>, options: WindowedOptions = {}): Codec<Windowed<K>> {
  checkArgument('windowed', 'the codec', required(codecKind), codec);
  checkOptions('windowed', windowedOptions, options);
  const { sizeMs, window } = options;
  const name = `windowed(${codec.name})`;
  const endOf = (start: number): number | undefined =>
    window !== undefined ? window.windowOf(start).end : sizeMs === undefined ? undefined : start + sizeMs;
  return windowedKey<K, Windowed<K>>({
    name,
    codec,
    behind: 8,
    decode(bytes, at) {
      if (bytes === null) throw decodeFailure(name, 'null', 'it is null', at);
      const read = readTimeWindowKey(bytes);
      if (read === undefined) throw decodeFailure(name, 'type', 'it ends in no time of 8 bytes', at);
      const end = endOf(read.start);
      if (end === undefined) {
        throw new KafkaRxError('CONFIGURATION', `${name} cannot tell where a window that it reads ends`, {
          at,
          remedy: 'Give it { sizeMs }, or { window } where windows differ in length',
        });
      }
      return { key: codec.decode(read.key, at), start: read.start, end };
    },
    put(key, windowed) {
      checkTimes(name, windowed);
      const expected = endOf(windowed.start);
      if (expected !== undefined && expected !== windowed.end) {
        throw encodeFailure(name, 'its window ends elsewhere than one of these options that begins there');
      }
      return timeWindowKey(key, windowed.start);
    },
  });
}
