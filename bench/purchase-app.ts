import { createApp } from 'kafka-rx';
import type { MaskedPurchase } from '../demos/purchases/model.js';
import { purchases, topics } from '../demos/purchases/topology.js';
import { NullDriver } from './null-driver.js';
import type { NullLog } from './null-log.js';
import type { NullProducer } from './null-producer.js';
import type { NullStore } from './null-store.js';

const [input, ...outputs] = topics;

/** Runs the demo's own topology in a real app until all is read, drained and committed. */
export async function purchaseApp(
  logs: readonly NullLog[],
  producer: NullProducer,
  store: NullStore<MaskedPurchase>,
): Promise<void> {
  const driver = new NullDriver({
    topic: input,
    logs,
    outputs,
    producer,
    exhausted: () => void app.stop({ deadlineMs: 60_000 }),
  });
  const app = createApp({ groupId: 'bench', driver });
  purchases(app, store);
  await app.run();
  for (const [partition, log] of logs.entries()) {
    if (driver.committed[partition] !== log.count)
      throw new Error(`partition ${partition} is not committed to its end`);
  }
}
