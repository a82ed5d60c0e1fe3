import type { MaskedPurchase } from '../../demos/purchases/model.js';
import type { NullLog } from '../null-log.js';
import type { NullProducer } from '../null-producer.js';
import type { NullStore } from '../null-store.js';
import { purchaseApp } from '../purchase-app.js';
import { bareLoop } from './bare-loop.js';

interface Contestant {
  readonly what: string;
  run(logs: readonly NullLog[], producer: NullProducer, store: NullStore<MaskedPurchase>): Promise<void>;
}

export const contestants = {
  bare: {
    what: 'one loop by hand: decode and validate, mask, project, keys, partitions, encode, documents',
    run: (logs, producer, store) => bareLoop('transactions', logs, producer, store),
  },
  app: {
    what: 'demos/purchases/topology.ts in createApp: the same, and views, leases, guard, windows, ordered commits',
    run: purchaseApp,
  },
} satisfies Record<string, Contestant>;

export type Name = keyof typeof contestants;
