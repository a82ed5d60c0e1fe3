import { disregardWithin } from '../../base/disregard.js';
import { KafkaRxError } from '../../errors/errors.js';
import { isRecord } from '../../record/is-record.js';
import { whatItIs } from '../../record/what-it-is.js';

/**
 * What came in the place of what the operator takes, without anything that is in it.
 *
 * @param wanted a noun, such as `commit point`
 */
export function notTaken(by: string, wanted: string, remedy: string, thing: unknown): KafkaRxError {
  // A rejection in it is not to end the process past the error.
  disregardWithin(thing);
  const what = isRecord(thing) ? 'a record' : whatItIs(thing, wanted).what;
  return new KafkaRxError('WITHOUT_DELIVERY', `'${by}' was handed ${what}`, { remedy });
}
