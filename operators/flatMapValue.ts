import { isMapIterator, isSetIterator } from 'node:util/types';
import type { OperatorFunction } from 'rxjs';
import { defaults } from '../lib/app/defaults.js';
import { operatorObservable } from '../lib/app/topology/topology-observable.js';
import { disregard } from '../lib/base/disregard.js';
import { whole } from '../lib/base/option-kinds.js';
import type { Fields } from '../lib/base/option-schema.js';
import { receive } from '../lib/base/receive.js';
import {
  type OperatorOptions,
  operatorName,
  operatorOptions,
  processFailed,
} from '../lib/errors/policies/process-failed.js';
import { refuseThing } from '../lib/flow/leases/leases.js';
import { isRecord } from '../lib/record/is-record.js';
import type { NotLater } from '../lib/record/not-later.js';
import { type KafkaRecord, oneOfMany } from '../lib/record/record.js';
import { refuseLater } from '../lib/record/refuse-later.js';
import { refuseOneValue } from '../lib/record/refuse-one-value.js';
import { tooManyParts } from '../lib/record/too-many-parts.js';

/** @category Operators @since 0.2.0 */
export interface FlatMapValueOptions extends OperatorOptions {
  /**
   * Records made of one, at most; at least 1. More are a `process` problem of that record, none of which goes out. Default
   * 1,000,000: no record of the size that brokers take by default lists more.
   */
  readonly maxParts?: number | undefined;
}

/** What the function of `flatMapValue` gives: a list, and not text or bytes, which could be iterated over as well. */
export type Several<U> = Iterable<U> & object & { readonly BYTES_PER_ELEMENT?: never };

export const flatMapValueOptions: Fields<FlatMapValueOptions> = {
  ...operatorOptions,
  maxParts: whole(1, { endless: true }),
};

/**
 * Makes any number of records of one, in order; all of them must be durable before the source offset is committed.
 *
 * ```
 * source   --ab-----c-----|
 * flatMapValue(text => [...text])
 * result   --(ab)---c-----|
 * ```
 *
 * Text, bytes and typed arrays are one value each: given in the place of a list they are a `process` problem, as is what
 * cannot be iterated over. `[value]` makes one record of it, `[...value]` one of each character or byte.
 *
 * The records get the ordinals `.0`, `.1`, …, so that a store keeps them apart and a replay finds them again.
 *
 * @param split the whole of what it gives is taken before the first is handed on: a throw in the middle is a `process`
 *   problem of the source record, and none of its parts has gone out. So are more than `maxParts`: what never ends would
 *   stop the process
 * @example
 * ```ts
 * orders$.pipe(flatMapValue(order => order.lines));
 * ```
 * @category Operators @since 0.1.0
 */
export function flatMapValue<K, V, U>(
  split: ((value: V, record: KafkaRecord<K, V>) => Several<U>) & NotLater<U>,
  options: FlatMapValueOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, U>> {
  const name = operatorName('flatMapValue', split, options, flatMapValueOptions, defaults.flatMapValue);
  const named = { name, onError: options.onError };
  const { maxParts = defaults.flatMapValue.maxParts } = options;
  return source =>
    operatorObservable<KafkaRecord<K, U>>(named, [source], (subscriber, node) =>
      receive(source, subscriber, record => {
        if (!isRecord(record)) {
          refuseThing(record, node, subscriber);
          return;
        }
        const parts: KafkaRecord<K, U>[] = [];
        let given: Iterable<U> | undefined;
        try {
          given = split(record.value, record);
          refuseLater(given);
          refuseOneValue(given);
          // Made here as well: freezing a value may throw.
          for (const part of given) {
            if (parts.length === maxParts) throw tooManyParts(maxParts);
            parts.push(oneOfMany(record, part, parts.length));
          }
        } catch (cause) {
          disregardAll(given);
          processFailed(record, node, cause, options.onError, subscriber);
          return;
        }
        for (const part of parts) {
          if (subscriber.closed) return;
          subscriber.next(part);
        }
      }),
    );
}

/** What else was given: a collection has it still, and an iterator that was not closed; a generator makes nothing more. */
function disregardAll<U>(given: Iterable<U> | undefined): void {
  try {
    if (given !== undefined) disregard(isIterator(given) ? restOf(given) : given);
  } catch {
    // A Proxy of which every trap throws holds no promise that anybody made.
  }
}

const ofArrays: unknown = Object.getPrototypeOf([][Symbol.iterator]());

/** One of JavaScript's own, over what is there. */
function isIterator(given: object): given is Iterator<unknown> {
  return isSetIterator(given) || isMapIterator(given) || Object.getPrototypeOf(given) === ofArrays;
}

/** Who makes more promises than that is lost anyway. */
const mostRest = 1_000_000;

/** It need not end: by a `next` of its own, or by the length that a Proxy says. */
function restOf(iterator: Iterator<unknown>): readonly unknown[] {
  const rest: unknown[] = [];
  while (rest.length < mostRest) {
    const next = iterator.next();
    if (next.done === true) break;
    rest.push(next.value);
  }
  return rest;
}
