import { disregard } from '../../base/disregard.js';
import { errorKind, KafkaRxError } from '../../errors/errors.js';
import { isRetry, type Policy } from '../../errors/policies/policy.js';
import type { KafkaRecord } from '../../record/record.js';
import {
  type Deliveries,
  type DeliveryHost,
  deliveriesOf,
  type Lane,
  type RetrySchedule,
} from './delivery.js';
import { isOver, isStale, listOf } from './leases.js';

/**
 * Work on records that is tried again after a while. Each wait is forgotten when it is over: one that stayed would keep its
 * records in memory. It ends early when the epochs of its records do, so that nothing of a new epoch waits behind it.
 */
export class Retries {
  readonly #waits = new Set<() => void>();

  /** Waits under way. */
  get size(): number {
    return this.#waits.size;
  }

  /**
   * Calls `again` once, after the policy's delay or when all the records are stale; never inside this call.
   *
   * @param attempt the number of the try that failed, from 1
   * @returns false when there is no other try: the policy knows none, they are used up, the app has ended,
   *   or all the records are stale
   */
  again(
    host: DeliveryHost,
    records: readonly KafkaRecord[],
    policy: Policy | undefined,
    attempt: number,
    again: () => void,
  ): boolean {
    if (!isRetry(policy) || attempt > policy.attempts || !host.live || records.every(isStale)) return false;
    const delayMs = delayOf(policy, attempt);
    if (typeof delayMs !== 'number') {
      host.fail(delayMs);
      return false;
    }
    this.#wait(host, records, delayMs, again);
    return true;
  }

  /** Ends all waits; nothing is tried again. */
  cancel(): void {
    for (const cancel of this.#waits) cancel();
  }

  #wait({ clock }: DeliveryHost, records: readonly KafkaRecord[], delayMs: number, again: () => void): void {
    const deliveries: Deliveries = records.flatMap(record => record[deliveriesOf]);
    const lanes = new Set<Lane>(listOf(deliveries).map(delivery => delivery.lane));
    const cancel = (): void => {
      timer.cancel();
      for (const { signal } of lanes) signal.removeEventListener('abort', epochEnded);
      this.#waits.delete(cancel);
    };
    const end = (): void => {
      if (!this.#waits.has(cancel)) return;
      cancel();
      again();
    };
    // Deferred: partitions end one after the other, and what follows must find all that do ended.
    const epochEnded = (): void => {
      if (isOver(deliveries)) clock.defer(end);
    };
    const timer = clock.schedule(end, delayMs);
    this.#waits.add(cancel);
    for (const { signal } of lanes) signal.addEventListener('abort', epochEnded);
  }
}

/** A schedule of a user's own may do anything; one that gives no time to wait would spin, or hold its record for ever. */
function delayOf(policy: RetrySchedule, attempt: number): number | KafkaRxError {
  let delayMs: unknown;
  let cause: unknown;
  try {
    delayMs = policy.delayMs(attempt);
  } catch (thrown) {
    cause = thrown;
  }
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY) return delayMs;
  disregard(delayMs);
  const told = cause === undefined ? 'gave no number of milliseconds' : `threw ${errorKind(cause)}`;
  return new KafkaRxError('CONFIGURATION', `delayMs of a retry policy ${told} for try ${attempt}`, {
    cause,
    remedy: 'Make the policy with retry(), or give a finite number of milliseconds, 0 or more, at once',
  });
}
