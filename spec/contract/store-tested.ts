import type { DocumentStore, StoreOptions } from '../../lib/stores/port.js';
import type { Sale } from './sales.js';

/** The store under test, as the parts of the contract see it. */
export interface StoreTested {
  /** Open, empty, and filing by `saleIndexes` when a test begins. */
  readonly store: DocumentStore<Sale>;
  /** Puts a new, empty store with other options in its place. */
  start(options?: StoreOptions<Sale>): Promise<void>;
}
