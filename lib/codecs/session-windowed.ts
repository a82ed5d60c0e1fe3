import { required } from '../base/option-kinds.js';
import { checkArgument } from '../base/option-schema.js';
import { readSessionKey, sessionKey } from '../state/window-keys.js';
import { type Codec, codecKind } from './codec.js';
import { decodeFailure } from './failure.js';
import type { Windowed } from './windowed.js';
import { checkTimes, windowedKey } from './windowed-key.js';

/**
 * Keys in sessions, as Kafka Streams' `SessionWindowedSerde` writes and reads them: the key's bytes, then the session's end and its start, 8 bytes
 * each, big-endian.
 *
 * Throws what the key's codec throws; `ENCODE` for times that are no whole numbers from 0 up and for a key of null; `DECODE` for fewer than 16
 * bytes, for times beyond 2^53 and for an end before the start.
 *
 * @param codec of the keys
 * @category State @since 0.1.0
 */
export function sessionWindowed<K>(codec: Codec<K>): Codec<Windowed<K>> {
  checkArgument('sessionWindowed', 'the codec', required(codecKind), codec);
  const name = `sessionWindowed(${codec.name})`;
  return windowedKey<K, Windowed<K>>({
    name,
    codec,
    behind: 16,
    decode(bytes, at) {
      if (bytes === null) throw decodeFailure(name, 'null', 'it is null', at);
      const read = readSessionKey(bytes);
      if (read === undefined) throw decodeFailure(name, 'type', "it does not end in a session's times", at);
      return { key: codec.decode(read.key, at), start: read.start, end: read.end };
    },
    put(key, windowed) {
      checkTimes(name, windowed);
      return sessionKey(key, windowed.start, windowed.end);
    },
  });
}
