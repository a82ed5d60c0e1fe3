import type { SimulationView } from '../../../lib/testing/simulation/simulation-parts.js';
import { decidedIn, type LoggedRecord } from './changelog.js';

/** All that ever was decided in an internal topic, of which the app deletes what it has read. */
export class InternalRecords {
  readonly #topic: string;
  readonly #seen: Map<number, LoggedRecord>[] = [];

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** A run begins. */
  clear(): void {
    this.#seen.length = 0;
  }

  /** At each commit: whatever is deleted was there at the one before. */
  look(view: SimulationView): void {
    for (let partition = 0; partition < view.broker.cluster.partitionCount(this.#topic); partition++) {
      const seen = this.#seen[partition] ?? new Map<number, LoggedRecord>();
      this.#seen[partition] = seen;
      for (const record of decidedIn(view, this.#topic, partition)) seen.set(record.offset, record);
    }
  }

  get all(): readonly LoggedRecord[] {
    return this.#seen.flatMap(seen => [...seen.values()]);
  }

  /** In order. */
  below(partition: number, offset: number): readonly LoggedRecord[] {
    const seen = [...(this.#seen[partition]?.values() ?? [])];
    return seen.filter(one => one.offset < offset).sort((one, other) => one.offset - other.offset);
  }
}
