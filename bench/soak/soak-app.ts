/** What `bench broker-soak` measures, a process of its own: the purchase topology on the kafkajs driver, with a store that forgets. */
import { createApp } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import type { MaskedPurchase } from '../../demos/purchases/model.js';
import { purchases } from '../../demos/purchases/topology.js';
import { NullStore } from '../null-store.js';
import { SoakSamples } from './soak-samples.js';

// bench/soak/broker-soak.ts wrote it, of this version.
const { brokers, records } = JSON.parse(process.argv[2] ?? '') as {
  readonly brokers: readonly string[];
  readonly records: number;
};
const samples = new SoakSamples(records);
const app = createApp({ groupId: 'soak', driver: kafkajs({ brokers }) });
purchases(
  app,
  new NullStore<MaskedPurchase>({
    written(_writes, documents) {
      samples.stored(documents);
      if (documents === records) void app.stop({ deadlineMs: 60_000 });
    },
  }),
);
await app.run();
process.stdout.write(`${JSON.stringify(samples.report())}\n`);
