import { KafkaRxError } from '../errors/errors.js';

/** A function gives more values of one record than it may: one that never ends would stop the process. Whoever throws it knows the record. */
export function tooManyParts(maxParts: number): KafkaRxError {
  return new KafkaRxError('PROCESS', `The function gave more than ${maxParts} parts of one record`, {
    remedy: 'Have it end, or raise maxParts if all of them are meant: they are held until the last is done',
  });
}
