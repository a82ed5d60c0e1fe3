import { Observable } from 'rxjs';
import { checkSource } from '../base/check-source.js';
import type { Clock } from '../base/clock.js';
import { clock as clockKind, oneOf, required } from '../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { receive } from '../base/receive.js';
import type { Coordinates, KafkaRxError } from '../errors/errors.js';
import { type Policies, policiesKind } from '../errors/policies/policy.js';
import { PolicyHost } from '../errors/policies/policy-host.js';
import { Delivery, type DropReason, type FlushReason } from '../flow/leases/delivery.js';
import { refuseThing } from '../flow/leases/leases.js';
import { type LaneOwner, PartitionLane } from '../flow/source/partition-lane.js';
import { isRecord } from '../record/is-record.js';
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
  /** Tells whoever gathers records to flush. */
  flush(reason?: Exclude<FlushReason, 'commit'>): void;
  /** Ends the epoch: everything under way is stale from now on. */
  revoke(): void;
}

/** @category Testing @since 0.1.0 */
export interface DeliverOptions {
  readonly policies?: Policies | undefined;
  /** Default: rxjs's async scheduler, virtual inside `marbles`. */
  readonly clock?: Clock | undefined;
}

export const deliverOptions: Fields<DeliverOptions> = { policies: policiesKind, clock: clockKind };

const reasons: readonly Exclude<FlushReason, 'commit'>[] = ['bound', 'idle', 'drain', 'stop'];
const reasonKind = required(oneOf(...reasons));

/**
 * Stands in for an app: opens a delivery for each record of a hot Observable, hands it on in its dispatch window,
 * releases the source's lease, and shows what settled. After the first failure nothing more is handed out, as in an app. What is no
 * record is an error of the stream, `WITHOUT_DELIVERY`.
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
  checkSource('deliver', source);
  checkOptions('deliver', deliverOptions, options);
  const host = new TestHost(options);
  const records$ = new Observable<KafkaRecord<K, V>>(subscriber =>
    receive(source, subscriber, record => {
      if (!host.live) return;
      if (!isRecord(record)) {
        refuseThing(
          record,
          'deliver',
          subscriber,
          'Give it records that testRecord has made, such as testRecord({ value })',
        );
        return;
      }
      const delivery = host.open(record);
      subscriber.next(deliveredAs(record, delivery));
      delivery.closeWindow();
      if (host.live) delivery.release();
      else delivery.hold();
    }),
  );
  return {
    records$,
    settled$: new Observable(subscriber => host.onSettled(at => subscriber.next(at))),
    get settled() {
      return host.offsets;
    },
    get pending() {
      return host.pending;
    },
    failures: host.failures,
    dropped: host.counts,
    flush(reason = 'idle') {
      checkArgument('deliver.flush', 'reason', reasonKind, reason);
      host.flush(reason);
    },
    revoke: () => host.revoke(),
  };
}

class TestHost extends PolicyHost implements LaneOwner {
  readonly clock: Clock;
  readonly failures: KafkaRxError[] = [];
  readonly offsets: number[] = [];
  readonly counts: Partial<Record<DropReason, number>> = {};
  readonly #listeners = new Set<(at: Coordinates) => void>();
  readonly #lanes = new Map<string, PartitionLane>();
  #epoch = 1;
  pending = 0;

  constructor({ policies = {}, clock = rxjsClock }: DeliverOptions) {
    super(policies);
    this.clock = clock;
  }

  get live(): boolean {
    return this.failures.length === 0;
  }

  open({ topic, partition, offset }: Coordinates): Delivery {
    const name = `${topic}/${partition}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const epoch = this.#epoch;
      lane = new PartitionLane({ topic, partition, epoch }, this.#lanes.size, this, [], this);
      this.#lanes.set(name, lane);
    }
    this.pending++;
    return new Delivery(lane, lane.opened++, offset, { bytes: 0, open: 0 });
  }

  settled(lane: PartitionLane, { topic, partition, offset }: Delivery): void {
    this.pending--;
    if (lane.ended) {
      this.dropped('stale-epoch', 1);
      return;
    }
    this.offsets.push(offset);
    for (const listener of this.#listeners) listener({ topic, partition, offset });
  }

  onSettled(listener: (at: Coordinates) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fail(error: KafkaRxError): void {
    this.failures.push(error);
  }

  dropped(reason: DropReason, count: number): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + count;
  }

  /** Acknowledged at once: what a dead letter holds is the app's. */
  protected deadLetter(): void {}

  revoke(): void {
    for (const lane of this.#lanes.values()) lane.end();
    this.#lanes.clear();
    this.#epoch++;
  }
}
