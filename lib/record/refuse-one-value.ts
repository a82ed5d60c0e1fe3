import { isStringObject, isUint8Array } from 'node:util/types';
import { KafkaRxError } from '../errors/errors.js';

/**
 * What a function gave that is to give several values: text and bytes can be taken apart as a list can, and are a value each.
 *
 * @throws `PROCESS` without coordinates: who calls the function knows the record
 */
export function refuseOneValue(given: unknown): void {
  if (Array.isArray(given)) return;
  const what = oneValue(given);
  if (what === undefined) return;
  throw new KafkaRxError('PROCESS', `The function gave ${what}, which is one value and no list of values`, {
    remedy: 'Return an array: [value] of one, [] of none; what text or bytes are made of is [...value]',
  });
}

/** What it is, without what it holds; undefined for what can be iterated over. */
function oneValue(given: unknown): string | undefined {
  if (given === undefined || given === null) return String(given);
  if (typeof given === 'string' || isStringObject(given)) return 'text';
  if (ArrayBuffer.isView(given)) {
    if (isUint8Array(given)) return 'bytes';
    return 'length' in given ? 'a typed array' : 'a DataView';
  }
  if (typeof Reflect.get(Object(given), Symbol.iterator) === 'function') return undefined;
  return typeof given === 'object' ? 'an object' : `a ${typeof given}`;
}
