import { isMap, isMapIterator, isSet, isSetIterator, isUint8Array } from 'node:util/types';
import { disregard } from '../base/disregard.js';
import { KafkaRxError } from '../errors/errors.js';
import { laterKind } from './later-kind.js';
import { useMapAsync } from './refuse-later.js';

/**
 * What a function gave that is called for the work it does, and what a promise or an Observable of mapAsync came to: work that
 * nobody awaits, and work that has not even begun, as a Task of fp-ts (`() => Promise`) or a generator has not. The record's offset would
 * be committed without it. So it is with a list, Set or Map of such; of a Set or Map the first hundred are looked at, since one that was
 * only added to comes back with every record.
 *
 * @param awaited what to do about what gives its values later: a promise, an Observable, an async iterable
 * @throws `PROCESS` without coordinates: who calls the function knows the record
 */
export function refuseUndone(value: unknown, awaited: string): void {
  // Short, so that it becomes a part of what calls it.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
  lookAt(value, awaited, undoneKind);
}

/** The same for a value of which functions and iterators may be a part: somebody may call them later on. */
export function refuseUnawaited(value: unknown, awaited: string): void {
  if (typeof value === 'object' && value !== null) lookAt(value, awaited, laterKind);
}

type KindOf = (thing: object) => UndoneKind | undefined;

function lookAt(value: object, awaited: string, kindOf: KindOf): void {
  if (isUint8Array(value)) return;
  const kind = kindOf(value);
  if (kind !== undefined) refuse(value, kind, awaited, kind);
  if (Array.isArray(value)) {
    // By number: an iterator of its own may never end.
    for (let at = 0; at < value.length && at < mostItems; at++) {
      lookAtItem(value, value[at], 'list', awaited, kindOf);
    }
  } else if (isSet(value)) {
    lookAtFirst(value, Set.prototype.values.call(value), 'Set', awaited, kindOf);
  } else if (isMap(value)) {
    lookAtFirst(value, Map.prototype.values.call(value), 'Map', awaited, kindOf);
  }
}

const mostItems = 1_000_000;
const mostFirst = 100;

function lookAtFirst(
  value: object,
  items: Iterator<unknown>,
  collection: 'Set' | 'Map',
  awaited: string,
  kindOf: KindOf,
): void {
  for (let at = 0; at < mostFirst; at++) {
    const next = items.next();
    if (next.done === true) return;
    lookAtItem(value, next.value, collection, awaited, kindOf);
  }
}

function lookAtItem(
  value: object,
  item: unknown,
  collection: 'list' | 'Set' | 'Map',
  awaited: string,
  kindOf: KindOf,
): void {
  if ((typeof item !== 'object' && typeof item !== 'function') || item === null) return;
  const kind = kindOf(item);
  if (kind !== undefined)
    refuse(value, `a ${collection} of ${several[kind]}`, awaited, kind, ofSeveral(kind, collection));
}

const several = {
  'a promise': 'promises',
  'an Observable': 'Observables',
  'an async iterable': 'async iterables',
  'a function': 'functions',
  'an iterator': 'iterators',
  'a Subscription': 'Subscriptions',
} as const;

type UndoneKind = keyof typeof several;

function undoneKind(thing: object): UndoneKind | undefined {
  const later = laterKind(thing);
  if (later !== undefined) return later;
  if (typeof thing === 'function') return 'a function';
  const { next, unsubscribe, closed } = thing as Partial<Record<string, unknown>>;
  // What it was subscribed to is under way; asked first, since what subscribe gives has a `next` as well.
  if (typeof unsubscribe === 'function') return closed === false ? 'a Subscription' : undefined;
  return typeof next === 'function' && !isOverWhatIsThere(thing) ? 'an iterator' : undefined;
}

const ofArrays: unknown = Object.getPrototypeOf([][Symbol.iterator]());

/** An iterator of a list, a Set or a Map: nothing is left undone by it. */
function isOverWhatIsThere(thing: object): boolean {
  return isSetIterator(thing) || isMapIterator(thing) || Object.getPrototypeOf(thing) === ofArrays;
}

/** As it can be written down: a Set has no `map`, and of a Map `Promise.all` would take the pairs and wait for nothing in them. */
function ofSeveral(kind: UndoneKind, collection: 'list' | 'Set' | 'Map'): string | undefined {
  const values = collection === 'Map' ? '.values()' : '';
  if (kind === 'a function')
    return `Call each and wait for all of them: await Promise.all(Array.from(tasks${values}, task => task()))`;
  return kind === 'a promise' ? `Wait for all of them: await Promise.all(promises${values})` : undefined;
}

function refuse(
  value: object,
  what: string,
  awaited: string,
  kind: UndoneKind,
  doing = remedies[kind],
): never {
  // Its rejection is not to end the process past the policy.
  disregard(value);
  const missed =
    kind === 'a function' ? 'calls' : kind === 'an iterator' ? 'takes anything from' : 'waits for';
  const isLater = doing !== undefined && awaited === useMapAsync;
  const remedy = isLater ? `${inItsPlace}. ${doing}` : (doing ?? awaited);
  throw new KafkaRxError('PROCESS', `The function gave ${what}, which nobody ${missed}`, { remedy });
}

/** Where the function is one of those that nobody waits for. */
const inItsPlace = 'Use mapAsync in its place, or app.each at the end of a stream';

const remedies: Partial<Record<UndoneKind, string>> = {
  'a function':
    'Call it and wait for what it gives: await task(); or give back nothing, where it is not work to be done',
  'an iterator':
    'Do the work in the function itself: a generator does nothing before it is iterated over; what gives several values is an async ' +
    'generator (async function*) in mapAsync, or flatMapValue',
  'a Subscription':
    'Give back the Observable itself to mapAsync, or a promise of it: await lastValueFrom(observable); or give back nothing, where nobody ' +
    'is to wait for it',
};
