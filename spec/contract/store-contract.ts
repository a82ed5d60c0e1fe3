/**
 * What every store must do, whatever it keeps documents in: `lib/stores/port.ts` as tests.
 */
import type { DocumentStore, StoreOptions } from '../../lib/stores/port.js';
import { type Sale, saleIndexes } from './sales.js';
import { describeBundles } from './store-bundle-contract.js';
import { describeOpeningAndClosing } from './store-closing-contract.js';
import { describeModel } from './store-model-contract.js';
import { describePositions } from './store-position-contract.js';
import { describeReading } from './store-reading-contract.js';
import type { StoreTested } from './store-tested.js';
import { describeWriting } from './store-writing-contract.js';

/** A store that was not opened yet, and how to be rid of it. */
export interface StoreSetup {
  readonly store: DocumentStore<Sale>;
  dispose(): Promise<void>;
}

/** @param setup makes a new, empty store */
export function describeStoreContract(
  name: string,
  setup: (options: StoreOptions<Sale>) => Promise<StoreSetup>,
): void {
  describe(`the store contract: ${name}`, () => {
    let current: StoreSetup | undefined;
    const tested: StoreTested = {
      get store() {
        if (current === undefined) throw new Error('No store was set up');
        return current.store;
      },
      async start(options = saleIndexes) {
        await current?.dispose();
        current = await setup(options);
        await current.store.open();
      },
    };
    beforeEach(() => tested.start());
    afterEach(async () => {
      await current?.dispose();
      current = undefined;
    });

    describeWriting(tested);
    describeReading(tested);
    describeOpeningAndClosing(tested);
    describePositions(tested);
    describeBundles(tested);
    describeModel(tested);
  });
}
