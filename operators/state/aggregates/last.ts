import { required } from '../../../lib/base/option-kinds.js';
import { checkArgument } from '../../../lib/base/option-schema.js';
import { type Codec, codecKind } from '../../../lib/codecs/codec.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import type { Kept } from '../../../lib/state/aggregates/kept.js';
import { oneOfMany } from '../../../lib/state/aggregates/one-of-many.js';

/**
 * The latest value, by the records' timestamps: one that comes late does not replace it. Of those with one timestamp, the one that came last.
 *
 * @param codec of the values
 * @category State @since 0.1.0
 */
export function last<V>(codec: Codec<V>): LastingAggregate<V, readonly Kept[], V> {
  checkArgument('last', 'the codec', required(codecKind), codec);
  return oneOfMany('last', codec, {
    measure: () => undefined,
    beats: (later, kept) => later.timestamp >= kept.timestamp,
  });
}
