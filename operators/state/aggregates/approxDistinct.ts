import { Buffer } from 'node:buffer';
import { call, required, whole } from '../../../lib/base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../../../lib/base/option-schema.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import { ByteReader } from '../../../lib/state/aggregates/byte-reader.js';
import { HyperLogLog } from '../../../lib/state/sketches/hyper-log-log.js';

/** @category State @since 0.1.0 */
export interface ApproxDistinctOptions {
  /**
   * 4 to 18. The standard error is 1.04 / sqrt(2^precision), and at most 2^precision + 2 bytes are kept: 12 gives 1.6 % in 4 KiB, 14 gives 0.8 % in
   * 16 KiB. Up to 2^precision / 4 different ones the count is all but exact. Default 12.
   */
  readonly precision?: number | undefined;
}

const approxDistinctOptions: Fields<ApproxDistinctOptions> = { precision: whole(4, { to: 18 }) };

/**
 * About how many different texts or bytes there were, in the same room for any number: a HyperLogLog. Text counts as its UTF-8 bytes.
 *
 * @param of the text or bytes; a pure function; anything else is a `PROCESS` problem of the record
 * @category State @since 0.1.0
 */
export function approxDistinct<V>(
  of: (value: V) => string | Uint8Array,
  options: ApproxDistinctOptions = {},
): LastingAggregate<V, HyperLogLog, number> {
  checkArgument('approxDistinct', 'the function', required(call), of);
  checkOptions('approxDistinct', approxDistinctOptions, options);
  const { precision = 12 } = options;
  const name = `approxDistinct(${precision})`;
  return {
    initial: () => HyperLogLog.none(precision),
    add: (sketch, value) => sketch.with(bytesOf(of(value))),
    merge: (a, b) => a.merged(b),
    result: sketch => sketch.count(),
    codec: {
      name,
      decode(bytes, at) {
        const reader = new ByteReader(name, bytes, at);
        const sketch = HyperLogLog.of(precision, reader.take(reader.left));
        if (sketch === undefined) throw reader.failure(`it is no sketch of precision ${precision}`);
        return sketch;
      },
      encode: sketch => sketch.bytes(),
    },
  };
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  throw new KafkaRxError('PROCESS', 'approxDistinct was given what is neither text nor bytes', {
    remedy: 'Leave such records out before the aggregate, or give text in their place',
  });
}
