/**
 * A member that a test stops and continues by signals. Which records it begins, and what its group tells it, goes to the
 * test by IPC. Its argument is the task as JSON; it ends with the channel.
 */
import { createApp } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { memberOptions, workSlowly } from './slow-work.js';

export interface StoppableTask {
  readonly brokers: readonly string[];
  readonly groupId: string;
}

/** What the member did, and when, on the machine's wall clock. */
export interface StoppableReport {
  readonly atMs: number;
  readonly what: 'begun' | 'committed' | 'assigned' | 'lost';
  /** The record's value; partition and offset of a commit, as `1:250`; empty for the rest. */
  readonly value: string;
}

function tell(what: StoppableReport['what'], value = ''): void {
  if (process.connected) process.send?.({ atMs: Date.now(), what, value } satisfies StoppableReport);
}

const { brokers, groupId }: StoppableTask = JSON.parse(process.argv[2] ?? '{}');
const app = createApp({ ...memberOptions, groupId, driver: kafkajs({ brokers }) });
workSlowly(app, value => tell('begun', value));
app.events$.subscribe(event => {
  if (event.type === 'assigned' || event.type === 'lost') tell(event.type);
  if (event.type !== 'commit' || event.result.error !== undefined) return;
  for (const { partition, offset } of event.result.offsets) tell('committed', `${partition}:${offset}`);
});
process.on('disconnect', () => process.exit());
await app.run();
