import type { DocumentStore } from '../../stores/port.js';
import { LmdbDisk } from './lmdb-disk.js';
import type { LmdbImage } from './lmdb-image.js';
import { positionsWentBack } from './position-watch.js';
import type { StateFolders } from './simulated-states.js';

/** What lies on disks, by its place: it outlives the processes that wrote it. */
export class Disks {
  readonly #stores = new Map<string, DocumentStore<unknown>>();
  readonly #folders = new Map<string, LmdbDisk>();
  readonly #states = new Map<string, StateFolders>();
  /** Those of them that were lost. */
  readonly #lost: DocumentStore<unknown>[] = [];
  /** How often all of it was. */
  timesLost = 0;
  readonly #violated: (invariant: string, message: string) => void;

  constructor(violated: (invariant: string, message: string) => void) {
    this.#violated = violated;
  }

  /** A store that keeps its documents itself: made once. */
  store<V>(place: string, make: () => DocumentStore<V>): DocumentStore<V> {
    const kept = this.#stores.get(place) ?? make();
    this.#stores.set(place, kept);
    // Made by the same line of the topology, for the same place.
    return kept as DocumentStore<V>;
  }

  storeAt(place: string): DocumentStore<unknown> | undefined {
    return this.#stores.get(place);
  }

  /** Of an LMDB. */
  folder(place: string): LmdbDisk {
    const kept = this.#folders.get(place) ?? new LmdbDisk((now, before) => this.#check(place, now, before));
    this.#folders.set(place, kept);
    return kept;
  }

  durable(place: string): LmdbImage | undefined {
    return this.#folders.get(place)?.durable;
  }

  /** Of states. */
  stateFolders(place: string): StateFolders {
    const kept = this.#states.get(place) ?? new Map();
    this.#states.set(place, kept);
    return kept;
  }

  /** All that lies on them is gone. Nobody may have any of it open. @returns the places of stores that kept their documents themselves */
  lose(): readonly string[] {
    this.timesLost++;
    const places = [...this.#stores.keys()];
    this.#lost.push(...this.#stores.values());
    this.#stores.clear();
    this.#folders.clear();
    this.#states.clear();
    return places;
  }

  async close(): Promise<void> {
    for (const store of [...this.#lost, ...this.#stores.values()]) await store.close();
  }

  #check(place: string, now: LmdbImage, before: LmdbImage): void {
    const wrong = positionsWentBack(now, before);
    if (wrong !== undefined) this.#violated('positions of a store never go back', `${place}: ${wrong}`);
  }
}
