import type { SourceRecord } from '../../drivers/port.js';
import type { LetterPosition } from '../../errors/dead-letters/letter.js';
import type { Headers } from '../../record/headers.js';
import { isOfTopic } from '../../stores/origin.js';
import { type BatchPin, Delivery } from '../leases/delivery.js';
import type { EndedBranches } from '../sinks/ended-branches.js';
import { type Admission, withoutTarget } from './admission.js';
import type { InFlight } from './in-flight.js';
import type { Intake } from './intake.js';
import type { CurrentBatch, PartitionLane } from './partition-lane.js';

export interface HandOutParts {
  readonly inFlight: InFlight;
  readonly intake: Intake;
  /** Asked of each record that comes again. */
  readonly endedBranches: EndedBranches;
  /** Whether batches are kept until their records are settled, so that these can be had again. */
  readonly keepsBatches: boolean;
  /** What the headers of a record say, and what is left of them for the topology. */
  admit(headers: Headers): Admission;
  /** Hears that the log goes on at an offset with nothing to deliver before it: control records, aborted or compacted ones. */
  passed(lane: PartitionLane, sequence: number, offset: number): void;
}

/** Hands one record to the topology: opens its delivery, runs it through every view, and closes its dispatch window. */
export class HandOut {
  readonly #parts: HandOutParts;
  readonly #inFlight: InFlight;
  #halted = false;

  constructor(parts: HandOutParts) {
    this.#parts = parts;
    this.#inFlight = parts.inFlight;
  }

  get halted(): boolean {
    return this.#halted;
  }

  /** The delivery under way, if any, stays open. */
  halt(): void {
    this.#halted = true;
  }

  /** Hands out the partition's next record; false when it has none. */
  next(lane: PartitionLane): boolean {
    if (lane.ahead !== undefined) {
      // It was behind what its task had to settle first.
      this.nextLookedAt(lane);
      return true;
    }
    const record = this.#advance(lane);
    if (record === undefined || lane.current === undefined) return false;
    this.#deliver(lane, record, lane.current.pin);
    return true;
  }

  /** Looks at the partition's next record, where its task has to choose. */
  look(lane: PartitionLane): void {
    if (lane.ahead !== undefined || !lane.hasWork) return;
    const record = this.#advance(lane);
    if (record === undefined) return;
    lane.ahead = { record, timestamp: timestampOf(record, lane) };
    lane.endSince = -1;
  }

  /** Hands out what was looked at. */
  nextLookedAt(lane: PartitionLane): void {
    const { ahead, current } = lane;
    if (ahead === undefined || current === undefined) return;
    lane.ahead = undefined;
    this.#deliver(lane, ahead.record, current.pin);
  }

  #advance(lane: PartitionLane): SourceRecord | undefined {
    let current = lane.current ?? this.#begin(lane);
    let record = current?.batch.next();
    // A loop: thousands of batches without records may wait, the markers of what others have aborted.
    while (record === undefined) {
      if (current === undefined) return undefined;
      this.#finish(lane, current);
      current = this.#begin(lane);
      record = current?.batch.next();
    }
    return record;
  }

  #deliver(lane: PartitionLane, record: SourceRecord, pin: BatchPin): void {
    lane.position = record.offset + 1;
    if (lane.firstOffset < 0) lane.firstOffset = record.offset;
    const delivery = new Delivery(lane, lane.opened++, record.offset, pin);
    this.#inFlight.opened(pin);
    this.#inFlight.dispatching = delivery;
    if (record.offset >= lane.repeatsBelow) {
      this.#inFlight.handedOut++;
      this.#toViews(lane, record, delivery);
    } else this.#again(lane, record, delivery);
    this.#inFlight.dispatching = undefined;
    delivery.closeWindow();
    // A sink that failed meanwhile must find the offset uncommitted: the source keeps its lease.
    if (this.#halted) delivery.hold();
    else delivery.release();
  }

  /**
   * Opens a delivery that comes of no record. It stands behind all that was handed out of the partition, so that what is committed with it is where the
   * partition is.
   *
   * @param position the offset that is read next
   */
  turn(lane: PartitionLane, position: number): Delivery {
    lane.position = position;
    if (lane.firstOffset < 0) lane.firstOffset = position;
    const pin = { bytes: 0, open: 1 };
    const delivery = new Delivery(lane, lane.opened++, position - 1, pin);
    this.#inFlight.opened(pin);
    return delivery;
  }

  #toViews(lane: PartitionLane, record: SourceRecord, delivery: Delivery): void {
    if (record.headers.length > 0) this.#admit(lane, record, delivery);
    else for (const view of lane.views) view.deliver(record, delivery);
  }

  /** Of a unit of work that was dropped. */
  #again(lane: PartitionLane, record: SourceRecord, delivery: Delivery): void {
    const refusal = this.#parts.endedBranches.refusal(lane, record.offset);
    if (refusal === undefined) this.#toViews(lane, record, delivery);
    else lane.host.fail(refusal);
  }

  #begin(lane: PartitionLane): CurrentBatch | undefined {
    const batch = lane.batches.shift();
    if (batch === undefined) return undefined;
    lane.current = { batch, pin: this.#inFlight.pin(lane, batch, this.#parts.keepsBatches) };
    return lane.current;
  }

  /** Hands out a record with headers: without those that are ours alone, and to nobody where it is for another app. */
  #admit(lane: PartitionLane, record: SourceRecord, delivery: Delivery): void {
    const { headers, passing, replay, unfound } = this.#parts.admit(record.headers);
    if (passing === 'all') {
      lane.host.dropped('other-branch', 1);
      return;
    }
    if (unfound !== undefined) {
      lane.host.problem(withoutTarget(unfound, delivery), delivery);
      return;
    }
    delivery.directed = passing;
    if (replay !== undefined && standsFor(replay.of, lane, record)) delivery.replay = replay;
    const admitted = headers === record.headers ? record : { ...record, headers };
    for (const view of lane.views) view.deliver(view.deadLetters ? record : admitted, delivery);
  }

  /** The batch's records are all handed out: what lies behind the last of them is passed. */
  #finish(lane: PartitionLane, { batch, pin }: CurrentBatch): void {
    lane.current = undefined;
    this.#parts.intake.handedOut(lane, batch.bytes);
    if (batch.nextOffset > lane.position) {
      lane.position = batch.nextOffset;
      // It takes a sequence number of its own, behind the deliveries before it.
      this.#parts.passed(lane, lane.opened++, batch.nextOffset);
    }
    this.#inFlight.unpin(lane, pin);
  }
}

/** A replay comes behind its record, in the partition of it; anything else is forged, or its record went with a former topic. */
function standsFor(
  of: LetterPosition,
  { topic, partition, origin }: PartitionLane,
  at: SourceRecord,
): boolean {
  return of.partition === partition && of.offset < at.offset && isOfTopic(of.origin, origin, topic);
}

/** By which a record is chosen: the lowest that a view of it takes from its value, or else its own. */
function timestampOf(record: SourceRecord, { topic, partition, views, host }: PartitionLane): number {
  if (views.every(view => view.time === undefined)) return record.timestamp;
  const at = { topic, partition, offset: record.offset };
  const taken = views
    .map(view => view.timestampAhead(record, at, host.clock))
    .filter(time => time !== undefined);
  return taken.length === 0 ? record.timestamp : Math.min(...taken);
}
