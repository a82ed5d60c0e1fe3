import { call, required, whole } from '../../../lib/base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../../../lib/base/option-schema.js';
import { type Codec, codecKind } from '../../../lib/codecs/codec.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import { finite } from '../../../lib/state/aggregates/finite.js';
import { type Kept, keep, keptList, readKept } from '../../../lib/state/aggregates/kept.js';
import { type Measured, measurer } from '../../../lib/state/aggregates/one-of-many.js';

/** @category State @since 0.1.0 */
export interface TopKOptions<V> {
  /** The number that values are compared by, the greatest first; a pure function. */
  readonly by: (value: V) => number;
  /** What a value is of: of each id the greatest is kept. A pure function. Default: every value is one of its own. */
  readonly id?: ((value: V) => string) | undefined;
  readonly codec: Codec<V>;
}

const topKOptions: Fields<TopKOptions<unknown>> = {
  by: required(call),
  id: call,
  codec: required(codecKind),
};

/** Where a value stands among others. */
interface Standing {
  readonly by: number;
  readonly id: string | undefined;
}

/**
 * The `k` values with the greatest number, the greatest first; of equals those with the earliest timestamps, then in the order in which they came.
 * With `id`, the greatest of each: one that is smaller later does not replace it.
 *
 * A record whose number is not finite is a `PROCESS` problem.
 *
 * @param k values at most, from 1
 * @category State @since 0.1.0
 */
export function topK<V>(
  k: number,
  options: TopKOptions<V>,
): LastingAggregate<V, readonly Kept[], readonly V[]> {
  checkArgument('topK', 'k', required(whole(1)), k);
  checkOptions('topK', topKOptions, options);
  const { by, id, codec } = options;
  const measure = (value: V): Standing => ({ by: finite('topK', by(value)), id: id?.(value) });
  const standing = measurer(codec, measure);

  /** Undefined: it is not among them. */
  const placeOf = (all: readonly Kept[], candidate: Measured<Standing>): number | undefined => {
    const place = all.findIndex(kept => isBefore(candidate, standing(kept)));
    const before = place === -1 ? all : all.slice(0, place);
    if (before.length >= k) return undefined;
    const { id } = candidate.measure;
    if (id !== undefined && before.some(kept => standing(kept).measure.id === id)) return undefined;
    return before.length;
  };
  const placed = (all: readonly Kept[], place: number, kept: Kept): readonly Kept[] => {
    const { id } = standing(kept).measure;
    const behind = all.slice(place).filter(each => id === undefined || standing(each).measure.id !== id);
    return [...all.slice(0, place), kept, ...behind].slice(0, k);
  };

  return {
    initial: () => [],
    add(all, value, { timestamp }) {
      const place = placeOf(all, { measure: measure(value), timestamp });
      return place === undefined ? all : placed(all, place, keep(codec, value, timestamp));
    },
    merge: (a, b) =>
      b.reduce((all, kept) => {
        const place = placeOf(all, standing(kept));
        return place === undefined ? all : placed(all, place, kept);
      }, a),
    result: all => all.map(kept => readKept(codec, kept)),
    codec: keptList(`topK(${k}, ${codec.name})`, codec, k),
  };
}

function isBefore(later: Measured<Standing>, kept: Measured<Standing>): boolean {
  const more = later.measure.by - kept.measure.by;
  return more > 0 || (more === 0 && later.timestamp < kept.timestamp);
}
