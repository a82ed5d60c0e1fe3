import type { Clock, Timer } from '../../base/clock.js';
import { partitionKey } from '../../base/partition-key.js';
import type { DriverAdmin, PartitionOffset } from '../../drivers/port.js';
import type { CommitResult } from '../../flow/commit/commit-cycle.js';

/** Milliseconds between two: as Kafka Streams. */
const everyMs = 30_000;

export interface PurgeParts {
  readonly clock: Clock;
  isInternal(topic: string): boolean;
  admin(): Pick<DriverAdmin, 'deleteRecords'> | undefined;
  /** Told and not thrown: what is left is deleted with the next. */
  failed(error: unknown): void;
}

/** Deletes of internal topics what their readers have committed: nothing else is to read it, and nothing ever expires there. */
export class Purge {
  readonly #parts: PurgeParts;
  /** Committed, and not deleted. */
  readonly #below = new Map<string, PartitionOffset>();
  #timer: Timer | undefined;
  #underWay: Promise<void> | undefined;
  #ended = false;

  constructor(parts: PurgeParts) {
    this.#parts = parts;
  }

  committed({ offsets, error }: CommitResult): void {
    if (error !== undefined || this.#ended) return;
    for (const { topic, partition, offset } of offsets) {
      if (this.#parts.isInternal(topic)) {
        this.#below.set(partitionKey({ topic, partition }), { topic, partition, offset });
        this.#timer ??= this.#parts.clock.schedule(() => this.#due(), everyMs);
      }
    }
  }

  /** Resolves when nothing is asked for any more. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#timer?.cancel();
    await this.#underWay;
  }

  #due(): void {
    this.#timer = undefined;
    const offsets = [...this.#below.values()];
    this.#below.clear();
    const deleting = this.#parts
      .admin()
      ?.deleteRecords(offsets)
      .catch(error => this.#parts.failed(error));
    this.#underWay = deleting;
  }
}
