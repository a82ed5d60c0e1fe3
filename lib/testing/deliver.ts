import { Observable } from 'rxjs';
import type { Clock } from '../base/clock.js';
import type { Coordinates, KafkaRxError } from '../errors/errors.js';
import { isRetry, type Policies, verdictOf } from '../errors/policies/policy.js';
import {
  type Deliveries,
  Delivery,
  type DeliveryHost,
  type DropReason,
  type FlushReason,
  type Lane,
  type Problem,
  type RetrySchedule,
  type Stage,
} from '../flow/leases/delivery.js';
import { each, isOver } from '../flow/leases/leases.js';
import { deliveredAs, type KafkaRecord } from '../record/record.js';
import { rxjsClock } from './rxjs-clock.js';

/** What `deliver` shows of the deliveries that it opened. @category Testing @since 0.1.0 */
export interface DeliveredRecords<K, V> {
  /** The records, each inside a delivery: what the operator under test is piped to. */
  readonly records$: Observable<KafkaRecord<K, V>>;
  /** Emits the coordinates of each delivery as it settles. */
  readonly settled$: Observable<Coordinates>;
  /** Offsets settled so far, in the order in which they settled. */
  readonly settled: readonly number[];
  /** Deliveries opened and not settled. */
  readonly pending: number;
  /** What failed the app, in order. */
  readonly failures: readonly KafkaRxError[];
  /** What was dropped, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Tells whoever gathers records to let go. */
  flush(reason?: FlushReason): void;
  /** Ends the epoch: everything under way is stale from now on. */
  revoke(): void;
}

/** @category Testing @since 0.1.0 */
export interface DeliverOptions {
  readonly policies?: Policies | undefined;
  /** Default: rxjs's async scheduler, virtual inside `marbles`. */
  readonly clock?: Clock | undefined;
}

/**
 * Stands in for an app: opens a delivery for each record of a hot Observable, hands it on in its dispatch window,
 * releases the source's lease, and shows what settled.
 *
 * @example
 * ```ts
 * const delivered = deliver(hot('a-b|', records));
 * expectObservable(delivered.records$.pipe(mapAsync(lookUp))).toBe('--A-B|', results);
 * expectObservable(delivered.settled$).toBe('--a-b', coordinates);
 * ```
 * @category Testing @since 0.1.0
 */
export function deliver<K, V>(
  source: Observable<KafkaRecord<K, V>>,
  options: DeliverOptions = {},
): DeliveredRecords<K, V> {
  const host = new TestHost(options);
  const records$ = new Observable<KafkaRecord<K, V>>(subscriber =>
    source.subscribe({
      next(record) {
        const delivery = host.open(record);
        subscriber.next(deliveredAs(record, delivery));
        delivery.closeWindow();
        delivery.release();
      },
      error: error => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
  return {
    records$,
    settled$: new Observable(subscriber => host.onSettled(at => subscriber.next(at))),
    get settled() {
      return host.settled;
    },
    get pending() {
      return host.pending;
    },
    failures: host.failures,
    dropped: host.counts,
    flush: (reason = 'idle') => host.flush(reason),
    revoke: () => host.revoke(),
  };
}

class TestHost implements DeliveryHost {
  readonly clock: Clock;
  readonly failures: KafkaRxError[] = [];
  readonly settled: number[] = [];
  readonly counts: Partial<Record<DropReason, number>> = {};
  readonly #policies: Policies;
  readonly #listeners = new Set<(at: Coordinates) => void>();
  readonly #gatherers = new Set<(reason: FlushReason) => void>();
  readonly #lanes = new Map<string, TestLane>();
  #epoch = 1;
  pending = 0;

  constructor({ policies = {}, clock = rxjsClock }: DeliverOptions) {
    this.#policies = policies;
    this.clock = clock;
  }

  open({ topic, partition, offset }: Coordinates): Delivery {
    const name = `${topic}/${partition}`;
    const lane = this.#lanes.get(name) ?? new TestLane(topic, partition, this.#epoch, this.#lanes.size, this);
    this.#lanes.set(name, lane);
    this.pending++;
    return new Delivery(lane, lane.sequence++, offset, { bytes: 0, open: 0 });
  }

  settle({ topic, partition, offset, lane }: Delivery): void {
    this.pending--;
    if (lane.ended) {
      this.dropped('stale-epoch', 1);
      return;
    }
    this.settled.push(offset);
    for (const listener of this.#listeners) listener({ topic, partition, offset });
  }

  onSettled(listener: (at: Coordinates) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fail(error: KafkaRxError): void {
    this.failures.push(error);
  }

  problem(problem: Problem, deliveries: Deliveries): void {
    if (isOver(deliveries)) return;
    const verdict = problem.verdict ?? verdictOf(this.#policies[problem.stage]) ?? 'fail';
    if (verdict === 'fail') {
      for (const delivery of each(deliveries)) delivery.hold();
      this.fail(problem.error);
    } else {
      this.dropped(verdict === 'skip' ? 'skipped' : 'dead-lettered', 1);
    }
  }

  retryFor(stage: Stage): RetrySchedule | undefined {
    const policy = this.#policies[stage];
    return isRetry(policy) ? policy : undefined;
  }

  dropped(reason: DropReason, count: number): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + count;
  }

  onFlush(flush: (reason: FlushReason) => void): () => void {
    this.#gatherers.add(flush);
    return () => this.#gatherers.delete(flush);
  }

  flush(reason: FlushReason): void {
    for (const gatherer of this.#gatherers) gatherer(reason);
  }

  revoke(): void {
    for (const lane of this.#lanes.values()) lane.end();
    this.#lanes.clear();
    this.#epoch++;
  }
}

class TestLane implements Lane {
  sequence = 0;
  ended = false;
  readonly #controller = new AbortController();

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly epoch: number,
    readonly slot: number,
    readonly host: TestHost,
  ) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    this.ended = true;
    this.#controller.abort();
  }

  hold(): void {}

  settle(delivery: Delivery): void {
    this.host.settle(delivery);
  }
}
