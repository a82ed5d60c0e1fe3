import type { FetchedBatch } from '../../drivers/port.js';
import type { BatchPin, Delivery } from '../leases/delivery.js';
import type { Bounds } from './bounds.js';
import type { PartitionLane } from './partition-lane.js';

/** Where records are on their way to the brokers. */
export interface SendBuffer {
  /** Whether so many bytes were appended and not acknowledged. */
  reaches(bytes: number): boolean;
}

/** What was handed out and is not settled, over all partitions, and whether that is as much as there may be. */
export class InFlight {
  /** Records handed out and not settled. */
  unsettled = 0;
  /** Bytes of fetched batches that these pin. */
  pinnedBytes = 0;
  /** Records handed out since the beginning; one that comes again since its unit of work was dropped is one. */
  handedOut = 0;
  /** The delivery that the topology is being handed right now. */
  dispatching: Delivery | undefined;
  readonly #bounds: Bounds;
  readonly #buffer: SendBuffer;

  constructor(bounds: Bounds, buffer: SendBuffer) {
    this.#bounds = bounds;
    this.#buffer = buffer;
  }

  /** The bounds that are reached, by name; asked by whoever tells people. */
  get reached(): readonly (keyof Bounds)[] {
    const { maxUnsettled, maxUnsettledBytes, maxBufferedBytes } = this.#bounds;
    if (!this.atBound) return [];
    const reached: (keyof Bounds)[] = [];
    if (this.unsettled >= maxUnsettled) reached.push('maxUnsettled');
    if (this.pinnedBytes >= maxUnsettledBytes) reached.push('maxUnsettledBytes');
    if (this.#buffer.reaches(maxBufferedBytes)) reached.push('maxBufferedBytes');
    return reached;
  }

  /** What is on its way to the brokers is as much as there may be. */
  get bufferFull(): boolean {
    return this.#buffer.reaches(this.#bounds.maxBufferedBytes);
  }

  get atBound(): boolean {
    const bounds = this.#bounds;
    // With nothing unsettled there is nothing to wait for, whatever the sizes: one huge batch must pass.
    return (
      this.unsettled > 0 &&
      (this.unsettled >= bounds.maxUnsettled ||
        this.pinnedBytes >= bounds.maxUnsettledBytes ||
        this.#buffer.reaches(bounds.maxBufferedBytes))
    );
  }

  /** @param kept whether the batch is to be had again while the pin lasts */
  pin(lane: PartitionLane, batch: FetchedBatch, kept: boolean): BatchPin {
    const { bytes } = batch;
    lane.pinnedBytes += bytes;
    this.pinnedBytes += bytes;
    // Its own count of one keeps it until the last record was handed out.
    return { bytes, open: 1, batch: kept ? batch : undefined };
  }

  unpin(lane: PartitionLane, pin: BatchPin): void {
    if (--pin.open > 0) return;
    lane.pinnedBytes -= pin.bytes;
    this.pinnedBytes -= pin.bytes;
  }

  opened(pin: BatchPin): void {
    pin.open++;
    this.unsettled++;
  }

  settled(lane: PartitionLane, pin: BatchPin): void {
    this.unsettled--;
    this.unpin(lane, pin);
  }

  /** The lane's epoch ends: what never settles (aborted work) must not count against the bounds for ever. */
  forget(lane: PartitionLane): void {
    this.unsettled -= lane.unsettled;
    this.pinnedBytes -= lane.pinnedBytes;
  }
}
