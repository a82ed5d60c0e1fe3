import { isObservable } from 'rxjs';
import { deliveriesOf } from '../flow/leases/delivery.js';

/**
 * What was handed on in the place of a record: what it is, without anything that is in it, and how to hand on a record.
 *
 * @param wanted what else it should have been
 */
export function whatItIs(thing: unknown, wanted = 'record'): Told {
  try {
    return looked(thing, wanted);
  } catch {
    return { what: 'an object that cannot be looked at', remedy: value };
  }
}

interface Told {
  readonly what: string;
  readonly remedy: string;
}

/** Throws what a Proxy does. */
function looked(thing: unknown, wanted: string): Told {
  if (thing === undefined || thing === null) return { what: String(thing), remedy: forget };
  if (typeof thing === 'string') return { what: 'text', remedy: value };
  if (typeof thing !== 'object') return { what: `a ${typeof thing}`, remedy: value };
  if (isObservable(thing)) return { what: 'an Observable', remedy: later };
  if (Array.isArray(thing)) return { what: 'an array', remedy: several };
  if (deliveriesOf in thing) return { what: 'a copy of a record, which is none', remedy: copy };
  if (typeof Reflect.get(thing, 'then') === 'function') return { what: 'a promise', remedy: later };
  return { what: `an object that is no ${wanted}`, remedy: value };
}

const made = 'with withValue, withKey and withHeaders of the record that came';
const copy = `Make records ${made}: { ...record } and Object.assign leave these behind`;
const value = `Hand on a record, made ${made}; mapValue and project do so with what their function gives`;
const forget = `Return a record from the function before it: the one that came, or one made ${made}`;
const later =
  'Use mapAsync for what takes time, in the place of the operator before it: it waits, and hands on records';
const several = 'Use flatMapValue for what gives several values, or rxjs concatMap for several records';
