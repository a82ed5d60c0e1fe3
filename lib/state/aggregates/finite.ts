import { KafkaRxError } from '../../errors/errors.js';

/**
 * What a function of the user's gave, which must be a number to reckon with.
 *
 * @throws `PROCESS`: the policy of the record decides
 */
export function finite(aggregate: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new KafkaRxError('PROCESS', `${aggregate} was given what is not a finite number`, {
    remedy: 'Leave such records out before the aggregate, or give a number in their place',
  });
}
