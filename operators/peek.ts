import type { MonoTypeOperatorFunction } from 'rxjs';
import { keeping } from '../lib/codecs/declared.js';
import { type OperatorOptions, operatorName } from '../lib/errors/policies/process-failed.js';
import type { NotLater } from '../lib/record/not-later.js';
import type { KafkaRecord } from '../lib/record/record.js';
import { useMapAsync } from '../lib/record/refuse-later.js';
import { refuseUndone } from '../lib/record/refuse-undone.js';
import { mapRecord } from './mapRecord.js';

/**
 * Calls a function with each record as it passes; for counting and watching. The record is not changed, and nothing
 * waits for what the function starts: work that must be done before the offset is committed belongs in `mapAsync` or
 * `app.each`, and a function that gives a promise is refused. Where one is meant to run beside, `void` it.
 *
 * ```
 * source   --a--b--c--|
 * peek(r => seen.push(r.offset))
 * result   --a--b--c--|
 * ```
 *
 * @param look a throw is a `process` problem of this record: the policy decides
 * @example
 * ```ts
 * purchases$.pipe(peek(record => counts.add(record.topic)));
 * ```
 * @category Operators @since 0.1.0
 */
export function peek<R extends KafkaRecord, U = void>(
  look: ((record: R) => U) & NotLater<U>,
  options: OperatorOptions = {},
): MonoTypeOperatorFunction<R> {
  const peeked = (record: R): R => {
    refuseUndone(look(record), useMapAsync);
    return record;
  };
  const peeking = mapRecord(peeked, { ...options, name: operatorName('peek', look, options) });
  return source => keeping(source, peeking(source));
}
