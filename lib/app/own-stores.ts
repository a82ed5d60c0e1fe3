import { askStore } from '../stores/ask-store.js';
import type { DocumentStore } from '../stores/port.js';
import { claimStores } from './store-claims.js';

type Store = DocumentStore<unknown>;

/** The stores of one app, which it has alone from its start to its end. */
export class OwnStores {
  readonly #release: (store: Store) => void;
  readonly #opening = new Map<Store, Promise<void>>();

  /** @throws `CONFIGURATION` for one that another app has */
  constructor(stores: Iterable<Store>, groupId: string) {
    this.#release = claimStores(stores, groupId);
  }

  /** What a store of somebody else throws is told by its kind. */
  async open(store: Store): Promise<void> {
    const remedy = 'Look at what it needs: a folder, permissions, a server';
    const opening = askStore({ store: store.name, doing: 'be opened', remedy }, () => store.open());
    this.#opening.set(store, opening);
    try {
      await opening;
    } finally {
      this.#opening.delete(store);
    }
  }

  /**
   * One that still opens is given back once that is done and it was closed: before, that close would be another app's. So is one that
   * has not answered for a write: what it does then would be done behind another app's.
   *
   * @param writing the write that it has not answered for
   */
  giveBack(store: Store, writing?: Promise<unknown>): void {
    const opened = this.#opening.get(store)?.then(() => store.close());
    if (opened === undefined && writing === undefined) this.#release(store);
    else void Promise.allSettled([opened, writing]).then(() => this.#release(store));
  }
}
