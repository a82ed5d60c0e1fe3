import { whole } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';

/** Limits of what was fetched and waits for its turn. */
export interface IntakeBounds {
  /** Bytes fetched and not handed out, over all partitions, above which all are paused. Default 128 MiB. */
  readonly maxQueuedBytes: number;
  /** The same of one partition, above which that one is paused. Default 2 MiB. */
  readonly maxQueuedBytesPerPartition: number;
}

/** Limits of what is under way; see docs/options.md for what each costs. */
export interface Bounds extends IntakeBounds {
  /** Records handed out and not settled, over all partitions. Default 20,000. */
  readonly maxUnsettled: number;
  /** Bytes of fetched batches that unsettled records pin. Default 128 MiB. */
  readonly maxUnsettledBytes: number;
  /** Deliveries from the watermark to the newest, per partition. Default 100,000. */
  readonly maxSpan: number;
  /** Bytes appended to the producer and not acknowledged. Default 32 MiB. */
  readonly maxBufferedBytes: number;
}

const count = whole(1, { endless: true });

export const boundKinds: Fields<Bounds> = {
  maxUnsettled: count,
  maxUnsettledBytes: count,
  maxSpan: count,
  maxBufferedBytes: count,
  maxQueuedBytes: count,
  maxQueuedBytesPerPartition: count,
};
