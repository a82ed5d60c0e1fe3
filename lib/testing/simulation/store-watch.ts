import type { Document, StorePosition, StorePositions } from '../../stores/port.js';
import type { Holdings } from './holdings.js';

/** Watches what is written to stores: by whom, and that what was noted once stays true. */
export class StoreWatch {
  readonly #violated: (invariant: string, message: string) => void;
  /** By disk, origin and partition: the highest position noted. */
  readonly #noted = new Map<string, number>();

  constructor(violated: (invariant: string, message: string) => void) {
    this.#violated = violated;
  }

  /**
   * A process begins to write documents: of each it must have a partition still, or another member may have written what comes behind it.
   *
   * @param isTopic whether there is, or was, a topic of the workload with this id
   */
  writing(
    process: string,
    holdings: Holdings,
    documents: readonly Document<unknown>[],
    isTopic: (topicId: string) => boolean,
  ): void {
    for (const { source, members = [] } of documents) {
      const all = [source, ...members].map(({ origin, partition, offset }) => {
        return { topicId: origin.slice(origin.lastIndexOf('/') + 1), partition, offset };
      });
      if (!all.every(({ topicId }) => isTopic(topicId))) continue;
      if (all.some(({ topicId, partition }) => holdings.has(topicId, partition))) continue;
      const { partition, offset } = source;
      const what = `${process} writes the document of ${partition}@${offset}, a partition that it has given up`;
      this.#violated('only who has a partition writes its documents', what);
    }
  }

  /** Positions were noted on a disk. */
  noted(disk: string, positions: StorePositions, news: readonly StorePosition[]): void {
    for (const { origin, partition } of news) {
      const key = `${disk}/${origin}/${partition}`;
      const before = this.#noted.get(key) ?? 0;
      const now = positions.read(origin, partition) ?? 0;
      if (now < before) {
        const what = `'${disk}' had noted ${before} of partition ${partition}, and now says ${now}`;
        this.#violated('positions of a store never go back', what);
      }
      this.#noted.set(key, now);
    }
  }

  /** What lay on it is gone. */
  lost(disk: string): void {
    for (const key of this.#noted.keys()) if (key.startsWith(`${disk}/`)) this.#noted.delete(key);
  }
}
