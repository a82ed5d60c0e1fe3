import { oneOf, required, whole } from '../../../lib/base/option-kinds.js';
import { checkOptions, type Fields } from '../../../lib/base/option-schema.js';
import { type Codec, codecKind } from '../../../lib/codecs/codec.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import { type Kept, keep, keptList, readKept } from '../../../lib/state/aggregates/kept.js';

/** @category State @since 0.1.0 */
export interface CollectOptions<V> {
  /** Values at most, from 1. All of them are written at each commit in which one was added. */
  readonly max: number;
  readonly codec: Codec<V>;
  /** What becomes of those beyond: they are left out, or the oldest make room. Default `'keepLast'`. */
  readonly beyond?: 'keepFirst' | 'keepLast' | undefined;
}

const collectOptions: Fields<CollectOptions<unknown>> = {
  max: required(whole(1)),
  codec: required(codecKind),
  beyond: oneOf('keepFirst', 'keepLast'),
};

/**
 * The values themselves, in the order in which they came, up to a bound.
 *
 * @category State @since 0.1.0
 */
export function collect<V>(options: CollectOptions<V>): LastingAggregate<V, readonly Kept[], readonly V[]> {
  checkOptions('collect', collectOptions, options);
  const { max, codec } = options;
  const keepsFirst = options.beyond === 'keepFirst';
  const within = (all: readonly Kept[]): readonly Kept[] =>
    keepsFirst ? all.slice(0, max) : all.slice(-max);
  return {
    initial: () => [],
    add: (before, value, { timestamp }) =>
      keepsFirst && before.length >= max ? before : within([...before, keep(codec, value, timestamp)]),
    merge: (a, b) => within([...a, ...b]),
    result: all => all.map(kept => readKept(codec, kept)),
    codec: keptList(`collect(${codec.name}, ${max})`, codec, max),
  };
}
