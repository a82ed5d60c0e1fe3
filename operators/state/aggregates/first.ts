import { required } from '../../../lib/base/option-kinds.js';
import { checkArgument } from '../../../lib/base/option-schema.js';
import { type Codec, codecKind } from '../../../lib/codecs/codec.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import type { Kept } from '../../../lib/state/aggregates/kept.js';
import { oneOfMany } from '../../../lib/state/aggregates/one-of-many.js';

/**
 * The earliest value, by the records' timestamps; of those with one timestamp, the one that came first.
 *
 * @param codec of the values
 * @category State @since 0.1.0
 */
export function first<V>(codec: Codec<V>): LastingAggregate<V, readonly Kept[], V> {
  checkArgument('first', 'the codec', required(codecKind), codec);
  return oneOfMany('first', codec, {
    measure: () => undefined,
    beats: (later, kept) => later.timestamp < kept.timestamp,
  });
}
