import type { OperatorFunction } from 'rxjs';
import { defaults } from '../lib/app/defaults.js';
import { operatorObservable } from '../lib/app/topology/topology-observable.js';
import type { Timer } from '../lib/base/clock.js';
import { systemClock } from '../lib/base/clock.js';
import { disregardWithin } from '../lib/base/disregard.js';
import { milliseconds, whole } from '../lib/base/option-kinds.js';
import type { Fields } from '../lib/base/option-schema.js';
import { receive } from '../lib/base/receive.js';
import {
  type OperatorOptions,
  operatorName,
  operatorOptions,
  processFailed,
} from '../lib/errors/policies/process-failed.js';
import type { FlushReason } from '../lib/flow/leases/delivery.js';
import {
  emit,
  endedBefore,
  giveUp,
  hostOf,
  isAtBarrier,
  isStale,
  laneOf,
  lease,
  release,
} from '../lib/flow/leases/leases.js';
import { noteGathered } from '../lib/record/gathered.js';
import type { NotLater } from '../lib/record/not-later.js';
import { type KafkaRecord, madeOf } from '../lib/record/record.js';
import { useMapAsync } from '../lib/record/refuse-later.js';
import { refuseUnawaited } from '../lib/record/refuse-undone.js';

/** @category Operators @since 0.1.0 */
export interface BatchOptions extends OperatorOptions {
  /** Records in a batch, at most; at least 1. Default 500. */
  readonly maxRecords?: number | undefined;
  /** Milliseconds that the first record of a batch waits, at most. Default 1,000. */
  readonly maxWaitMs?: number | undefined;
}

export const batchOptions: Fields<BatchOptions> = {
  ...operatorOptions,
  maxRecords: whole(1, { endless: true }),
  maxWaitMs: milliseconds(0, { endless: true }),
};

/**
 * Gathers records and makes one of several; their offsets are committed when it is durable.
 *
 * ```
 * source   --a-b-c---d--------------|
 * batch(records => records.length, { maxRecords: 3, maxWaitMs: 5 frames })
 * result   ------3--------1---------|
 * ```
 *
 * A batch is full, or its first record has waited long enough, or the source needs it: at a bound, when idle for a
 * second, on a rebalance and on stop, so that no batch however large can hold these up. The record made has key, headers,
 * timestamp and coordinates of the last gathered one. What is gathered when the source completes is handed on first; an error goes
 * through at once, and what was gathered is never committed.
 *
 * @param make given 1 to `maxRecords` records in order; a throw is a `process` problem of all of them
 * @example
 * ```ts
 * purchases$.pipe(batch(records => ({ count: records.length }), { maxRecords: 1000, maxWaitMs: 60_000 }));
 * ```
 * @category Operators @since 0.1.0
 */
export function batch<K, V, U>(
  make: ((records: readonly KafkaRecord<K, V>[]) => U) & NotLater<U>,
  options: BatchOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, U>> {
  const name = operatorName('batch', make, options, batchOptions, defaults.batch);
  const named = { name, onError: options.onError };
  const { maxRecords = defaults.batch.maxRecords, maxWaitMs = defaults.batch.maxWaitMs } = options;
  return source =>
    operatorObservable<KafkaRecord<K, U>>(named, [source], (subscriber, node) => {
      /** By the channel that outputs go to: a record is made of those that are written together. */
      const bySlot: (Gathered<K, V> | undefined)[] = [];
      let leaveHost: (() => void) | undefined;

      /** Hands on all, or what is of partitions at a barrier alone. */
      const flush = (gathered: Gathered<K, V>, all: boolean): void => {
        // Released, they are counted as stale.
        for (const record of gathered.records) if (isStale(record)) release(record);
        const current = gathered.records.filter(record => !isStale(record) && !endedBefore(record));
        gathered.records = current;
        const records = all ? current : current.filter(isAtBarrier);
        const rest = all ? [] : current.filter(record => !isAtBarrier(record));
        if (rest.length === 0) endWait(gathered);
        if (records.length === 0) return;
        let made: KafkaRecord<K, U> | undefined;
        let cause: unknown;
        try {
          // A list of its own: what the function does to it is not done to what is to be released.
          const given = make([...records]);
          refuseUnawaited(given, useMapAsync);
          made = madeOf(records, given);
          noteGathered(made, records, named.name);
        } catch (thrown) {
          cause = thrown;
        }
        // The function has ended this itself: what was gathered is given up.
        if (subscriber.closed) return;
        gathered.records = rest;
        if (made !== undefined) emit(subscriber, made);
        else {
          for (const record of records) disregardWithin(record.value);
          processFailed(madeOf(records, undefined), node, cause, options.onError, subscriber);
        }
        for (const record of records) release(record);
      };
      const eachSlot = (call: (gathered: Gathered<K, V>) => void): void => {
        for (const gathered of bySlot) if (gathered !== undefined) call(gathered);
      };
      const told = (reason: FlushReason): void => eachSlot(gathered => flush(gathered, reason !== 'commit'));

      subscriber.add(() => {
        leaveHost?.();
        eachSlot(gathered => {
          endWait(gathered);
          for (const record of gathered.records) giveUp(record);
          gathered.records = [];
        });
      });
      receive(
        source,
        subscriber,
        record => {
          if (!lease(record, node, subscriber)) return;
          const host = hostOf(record);
          leaveHost ??= host?.onFlush(told);
          const slot = laneOf(record)?.outputSlot ?? 0;
          const gathered = bySlot[slot] ?? { records: [], timer: undefined };
          bySlot[slot] = gathered;
          gathered.records.push(record);
          if (gathered.records.length >= maxRecords) flush(gathered, true);
          else if (isAtBarrier(record)) flush(gathered, false);
          else {
            gathered.timer ??= (host?.clock ?? systemClock).schedule(() => flush(gathered, true), maxWaitMs);
          }
        },
        () => {
          eachSlot(gathered => flush(gathered, true));
          subscriber.complete();
        },
      );
    });
}

/** What waits for its batch, and the wait of the first. */
interface Gathered<K, V> {
  records: KafkaRecord<K, V>[];
  timer: Timer | undefined;
}

function endWait(gathered: Gathered<unknown, unknown>): void {
  gathered.timer?.cancel();
  gathered.timer = undefined;
}
