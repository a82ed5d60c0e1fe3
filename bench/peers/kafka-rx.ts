/** The contestant that all is about: demos/purchases/topology.ts in an app on the kafkajs driver, with a store that forgets. */
import { createApp } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import type { MaskedPurchase } from '../../demos/purchases/model.js';
import { purchases } from '../../demos/purchases/topology.js';
import { NullStore } from '../null-store.js';
import { Meter } from './meter.js';
import { readPlan } from './plan.js';

const plan = readPlan();
const meter = new Meter(plan);
const app = createApp({
  groupId: plan.group,
  driver: kafkajs({ brokers: plan.brokers }),
  guarantee: plan.guarantee,
  commit: { intervalMs: plan.intervalMs },
});
purchases(
  app,
  new NullStore<MaskedPurchase>({
    written(_writes, documents) {
      // Drains, which is to say that it waits for every acknowledgement, and commits at once.
      if (documents === plan.records) void app.stop({ deadlineMs: 60_000 });
    },
  }),
);
app.events$.subscribe(event => {
  if (event.type === 'commit' && event.result.error === undefined)
    meter.committed(event.result.offsets.map(({ partition, offset }) => [partition, offset]));
});
await app.run();
meter.report();
