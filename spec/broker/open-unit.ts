/** An app under exactly once that copies `in` to `out` and comes to no barrier: its unit is open until it is killed. Its argument is the task as JSON. */
import { createApp, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';

export interface OpenUnit {
  readonly brokers: readonly string[];
  readonly groupId: string;
}

const { brokers, groupId }: OpenUnit = JSON.parse(process.argv[2] ?? '{}');
process.on('disconnect', () => process.exit());

const app = createApp({
  ...{ groupId, driver: kafkajs({ brokers }), guarantee: 'exactly-once' },
  ...{ commit: { intervalMs: 15_000 }, sessionTimeoutMs: 6_000 },
});
app
  .topic('in', { value: string })
  .subscribe(app.to('out', { value: string, partition: ({ partition }) => partition }));
await app.run();
