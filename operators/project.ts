import type { OperatorFunction } from 'rxjs';
import { type OperatorOptions, operatorName } from '../lib/errors/policies/process-failed.js';
import type { NotLater } from '../lib/record/not-later.js';
import type { KafkaRecord } from '../lib/record/record.js';
import { mapValue } from './mapValue.js';

/**
 * Projects each value onto another shape, of which only what `view` names goes on: the step before a sink that must not
 * see the whole value. The same as `mapValue`, named for what it means in the topology.
 *
 * ```
 * source   --p-----------p-----------|
 * project(toReward)
 * result   --{id,points}-{id,points}-|
 * ```
 *
 * @param view a throw is a `process` problem of this record: the policy decides
 * @example
 * ```ts
 * purchases$.pipe(project(({ customerId, price }) => ({ customerId, points: Math.floor(price) })));
 * ```
 * @category Operators @since 0.1.0
 */
export function project<K, V, U>(
  view: ((value: V, record: KafkaRecord<K, V>) => U) & NotLater<U>,
  options: OperatorOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, U>> {
  return mapValue(view, { ...options, name: operatorName('project', view, options) });
}
