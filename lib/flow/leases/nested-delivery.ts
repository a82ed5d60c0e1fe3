import type { KafkaRecord } from '../../record/record.js';
import { deliveredAs } from '../../record/record.js';
import {
  type Deliveries,
  Delivery,
  type DeliveryHost,
  deliveriesOf,
  type FlushReason,
  type Lane,
  type Problem,
  type Stage,
} from './delivery.js';
import { isOver, isWritten, lastLane, listOf } from './leases.js';

/** A record inside a delivery of its own, within the one that it came with. */
export interface NestedDelivery<K, V> {
  readonly record: KafkaRecord<K, V>;
  /** The synchronous hand-over is done: from here on only leases keep it open. */
  handedOver(): void;
}

/**
 * Gives a record a delivery of its own, so that one can tell when a sink is done with it while the delivery it came with
 * stays open: it holds a lease on that until `settled` has returned. Called inside its window or under a lease.
 *
 * @param settled called once: with true when the sink made the record durable, false when its policy dropped it
 */
export function nestedDelivery<K, V>(
  record: KafkaRecord<K, V>,
  settled: (handled: boolean) => void,
): NestedDelivery<K, V> {
  const outer = listOf(record[deliveriesOf]);
  const [first] = outer;
  if (first === undefined) throw new RangeError('a record without a delivery has nothing to nest in');
  const lane = new NestedLane(outer, first.lane, settled);
  const delivery = new Delivery(lane, first.sequence, first.offset, { bytes: 0, open: 0 });
  delivery.outer = record[deliveriesOf];
  // Made of several, the record is partly for every branch.
  if (outer.length === 1) delivery.directed = first.directed;
  return {
    record: deliveredAs(record, delivery),
    handedOver() {
      delivery.closeWindow();
      delivery.release();
    },
  };
}

/** A partition as seen from inside a nested delivery: its problems are those of the outer deliveries. */
class NestedLane implements Lane {
  readonly host: DeliveryHost;
  #handled = true;
  #done = false;

  constructor(
    private readonly outer: readonly Delivery[],
    private readonly lane: Lane,
    private readonly settled: (handled: boolean) => void,
  ) {
    for (const delivery of outer) delivery.lease();
    const { host } = lane;
    this.host = {
      app: host.app,
      clock: host.clock,
      get live() {
        return host.live;
      },
      get endings() {
        return host.endings;
      },
      giveUp: (deliveries: Deliveries) => host.giveUp(deliveries),
      protect: masks => host.protect(masks),
      fail: error => host.fail(error),
      problem: (problem: Problem, _deliveries: Deliveries) => {
        this.#handled = false;
        host.problem(problem, outer);
      },
      retryFor: (stage: Stage) => host.retryFor(stage),
      dropped: (reason, count) => host.dropped(reason, count),
      onFlush: (flush: (reason: FlushReason) => void) => host.onFlush(flush),
    };
  }

  get topic(): string {
    return this.lane.topic;
  }
  get partition(): number {
    return this.lane.partition;
  }
  get epoch(): number {
    return this.lane.epoch;
  }
  get slot(): number {
    return this.lane.slot;
  }
  get orderSlot(): number {
    return this.lane.orderSlot;
  }
  get internalSlot(): number {
    return lastLane(this.outer)?.internalSlot ?? 0;
  }

  get states(): Lane['states'] {
    return lastLane(this.outer)?.states;
  }

  get jobs(): Lane['jobs'] {
    return lastLane(this.outer)?.jobs;
  }

  get outputSlot(): number {
    return lastLane(this.outer)?.outputSlot ?? 0;
  }
  get atBarrier(): boolean {
    return this.outer.some(({ lane }) => lane.atBarrier);
  }
  get fillsUpTo(): number {
    return isWritten(this.outer) ? Number.POSITIVE_INFINITY : -1;
  }
  get origin(): string {
    // As a record's coordinates, those of the last.
    return lastLane(this.outer)?.origin ?? this.lane.origin;
  }
  get ended(): boolean {
    // Of several, some may go on: what is made of them is theirs still.
    return isOver(this.outer);
  }
  get leftAt(): number {
    return this.lane.leftAt;
  }
  get signal(): AbortSignal {
    return this.lane.signal;
  }
  hold(_offset: number, sink: string | undefined): void {
    for (const delivery of this.outer) delivery.hold(sink);
  }
  settle(): void {
    // A sink that is not ours may release too often.
    if (this.#done) return;
    this.#done = true;
    this.settled(this.#handled && !this.ended);
    for (const delivery of this.outer) delivery.release();
  }
}
