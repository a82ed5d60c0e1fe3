import type { FetchedBatch } from '../../drivers/port.js';
import type { BatchPreparation } from './batch-preparation.js';
import type { PartitionLane } from './partition-lane.js';

/** Says in `health()` what takes long. */
interface During {
  during<T>(what: string, work: Promise<T>): Promise<T>;
}

/** Batches that codecs prepare before they are queued: those of a partition in their order, others beside them. */
export class Preparations {
  readonly #slow: During;
  readonly #ready: (lane: PartitionLane, batch: FetchedBatch) => void;
  #underWay = 0;

  constructor(slow: During, ready: (lane: PartitionLane, batch: FetchedBatch) => void) {
    this.#slow = slow;
    this.#ready = ready;
  }

  get any(): boolean {
    return this.#underWay > 0;
  }

  begin(lane: PartitionLane, preparation: BatchPreparation, batch: FetchedBatch): void {
    this.#underWay++;
    lane.preparing++;
    this.#slow
      .during(
        `a codec to prepare a batch of partition ${lane.partition} of '${lane.topic}' up to offset ${batch.nextOffset}`,
        preparation.prepare(batch),
      )
      .finally(() => {
        this.#underWay--;
        lane.preparing--;
      })
      .then(
        ready => this.#ready(lane, ready),
        error => {
          // Of an epoch that is over, or about to be, nobody needs it any more.
          if (!lane.draining) lane.host.fail(error);
        },
      );
  }
}
