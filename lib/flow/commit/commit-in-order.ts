import { Observable, type OperatorFunction } from 'rxjs';
import { checkSource } from '../../base/check-source.js';
import { receive } from '../../base/receive.js';
import type { AssignedPartition, OffsetCommit } from '../../drivers/port.js';
import { KafkaRxError } from '../../errors/errors.js';
import { isCount } from './is-count.js';
import { notTaken } from './not-taken.js';
import { Watermark } from './watermark.js';

/** A partition during one epoch; `slot` is a small number of the partition's own, equal in all its epochs. */
export interface LaneIdentity extends AssignedPartition {
  readonly slot: number;
}

/** A delivery whose last lease was released. */
export interface Settled {
  readonly kind: 'settled';
  readonly lane: LaneIdentity;
  /** Position among the epoch's deliveries, from 0, without gaps. */
  readonly sequence: number;
  readonly offset: number;
}

/** The log goes on at `offset` with nothing to deliver before it: control records, aborted or compacted ones. */
export interface Advanced {
  readonly kind: 'advanced';
  readonly lane: LaneIdentity;
  /** It takes a sequence number of its own, behind the deliveries before it. */
  readonly sequence: number;
  /** The next offset that can hold a record. */
  readonly offset: number;
}

/** The epoch is over; nothing of it is committed any more. */
export interface Revoked {
  readonly kind: 'revoked';
  readonly lane: LaneIdentity;
}

/** What happened to a delivery. */
export type DeliveryEvent = Settled | Advanced | Revoked;

/** An offset that may be committed, and how many deliveries of the epoch lie below it. */
export interface CommitPoint extends OffsetCommit {
  /** The lane's. */
  readonly slot: number;
  readonly deliveriesBelow: number;
}

/** A partition's newest epoch. Revoked: `watermark` is undefined, and older epochs stay refused. */
interface Progress {
  readonly epoch: number;
  readonly watermark: Watermark | undefined;
}

/**
 * Turns what happened to deliveries, in any order, into commit points in order.
 *
 * ```
 * settled   --1--2--0-----------4--3--|
 * commits   --------3-----------------5--|   (offsets: everything below is settled)
 * ```
 *
 * Per partition, a commit point is emitted when the first unsettled delivery settles; it is the offset after the last
 * of the settled run. Offsets never go back within an epoch. An event of an older epoch than the newest seen, or of a
 * revoked one, is ignored; a newer epoch starts at its own sequence 0. Doubles are harmless. It needs no Kafka and
 * no clock. Memory: one bit for each delivery between the watermark and the newest settled one, 8 bytes more once the
 * partition's offsets have had a gap. What is no event is an error of the stream, `WITHOUT_DELIVERY`.
 *
 * @example
 * ```ts
 * deliveries$.pipe(commitInOrder(), commitTo(consumer, { intervalMs: 1000 })).subscribe();
 * ```
 * @category Commit @since 0.1.0
 */
export function commitInOrder(): OperatorFunction<DeliveryEvent, CommitPoint> {
  return source => {
    checkSource('commitInOrder', source);
    return new Observable(subscriber => {
      const progress: (Progress | undefined)[] = [];
      receive(source, subscriber, event => {
        if (!isEvent(event)) {
          subscriber.error(notTaken('commitInOrder', 'delivery event', remedy, event));
          return;
        }
        const { lane } = event;
        let current = progress[lane.slot];
        if (current === undefined || lane.epoch > current.epoch) {
          current = { epoch: lane.epoch, watermark: new Watermark() };
          progress[lane.slot] = current;
        }
        const { watermark } = current;
        if (lane.epoch < current.epoch || watermark === undefined) return;
        if (event.kind === 'revoked') {
          progress[lane.slot] = { epoch: lane.epoch, watermark: undefined };
          return;
        }
        if (event.sequence - watermark.below > mostAhead) {
          subscriber.error(tooFarAhead(event));
          return;
        }
        const nextOffset = event.kind === 'settled' ? event.offset + 1 : event.offset;
        if (watermark.settle(event.sequence, nextOffset)) {
          subscriber.next(commitPoint(lane, watermark));
        }
      });
    });
  };
}

const remedy =
  "Give it what happened to deliveries: { kind: 'settled', lane, sequence, offset }, 'advanced' the same, or { kind: 'revoked', lane }, with " +
  'lane: { topic, partition, epoch, slot } and whole numbers from 0 up';

/** Deliveries of one partition above one that has not settled: no memory holds so many. */
const mostAhead = 2 ** 28;

function tooFarAhead({ lane, offset, sequence }: Settled | Advanced): KafkaRxError {
  return new KafkaRxError(
    'WITHOUT_DELIVERY',
    `'commitInOrder' was handed number ${sequence} of an epoch, of which more than ${mostAhead} before it have not settled`,
    {
      at: { topic: lane.topic, partition: lane.partition, offset },
      remedy: 'Number the deliveries of each epoch by sequence: from 0, without gaps. It is not their offset',
    },
  );
}

/** Looked at with all that it is asked for: text in the place of an offset, added to, is an offset far beyond, and would be committed. */
function isEvent(event: DeliveryEvent): boolean {
  try {
    const { kind, lane } = event;
    const { topic, partition, epoch, slot } = lane;
    if (typeof topic !== 'string' || !isCount(partition) || !isCount(epoch) || !isCount(slot)) return false;
    if (kind === 'revoked') return true;
    return (kind === 'settled' || kind === 'advanced') && isCount(event.sequence) && isCount(event.offset);
  } catch {
    // Nothing at all, or a Proxy that throws.
    return false;
  }
}

function commitPoint(
  { topic, partition, epoch, slot }: LaneIdentity,
  { offset, below }: Watermark,
): CommitPoint {
  return { topic, partition, epoch, offset, slot, deliveriesBelow: below };
}
