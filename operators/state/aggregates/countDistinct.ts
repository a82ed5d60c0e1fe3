import { Buffer } from 'node:buffer';
import { call, required, whole } from '../../../lib/base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../../../lib/base/option-schema.js';
import { string } from '../../../lib/codecs/string.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import { ByteReader, block } from '../../../lib/state/aggregates/byte-reader.js';
import { DistinctValues } from '../../../lib/state/aggregates/distinct-values.js';

/** @category State @since 0.1.0 */
export interface CountDistinctOptions {
  /** Different texts at most, from 1: all of them are kept, and written at each commit in which one was added. */
  readonly max: number;
}

const countDistinctOptions: Fields<CountDistinctOptions> = { max: required(whole(1)) };

/**
 * How many different texts there were, exactly. The record with which there would be more than `max` is a `PROCESS` problem: a count that stood still
 * there could not be told from a true one. See `approxDistinct` for many.
 *
 * @param of the text; a pure function
 * @category State @since 0.1.0
 */
export function countDistinct<V>(
  of: (value: V) => string,
  options: CountDistinctOptions,
): LastingAggregate<V, DistinctValues, number> {
  checkArgument('countDistinct', 'the function', required(call), of);
  checkOptions('countDistinct', countDistinctOptions, options);
  const { max } = options;
  const name = 'countDistinct';
  const plus = (all: DistinctValues, text: string): DistinctValues => {
    if (all.has(text)) return all;
    if (all.size < max) return all.with(text);
    throw new KafkaRxError('PROCESS', `${name} has its ${max} different texts, and this is one more`, {
      remedy: 'Raise max, or take approxDistinct, which needs the same room for any number',
    });
  };
  return {
    initial: () => DistinctValues.none,
    add(all, value) {
      const text = of(value);
      // Here and not at the commit: it throws for what has no UTF-8 form.
      if (!all.has(text)) string.encode(text);
      return plus(all, text);
    },
    merge: (a, b) => b.values().reduce(plus, a),
    result: all => all.size,
    codec: {
      name,
      decode(bytes, at) {
        const reader = new ByteReader(name, bytes, at);
        let all = DistinctValues.none;
        while (!reader.isAtEnd) all = all.with(string.decode(reader.block(), at));
        return all;
      },
      encode: all => Buffer.concat(all.values().flatMap(text => block(Buffer.from(text)))),
    },
  };
}
