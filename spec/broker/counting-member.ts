/**
 * A member that counts the records of `in`, by their own keys and, behind an internal topic, by their values, at least once, until it is killed. Its argument is the
 * task as JSON.
 */
import { createApp, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { count, counter, repartition } from 'kafka-rx/state';
import { lmdbBackends } from '../../lib/state/lmdb/lmdb-backends.js';

export interface CountingTask {
  readonly brokers: readonly string[];
  readonly groupId: string;
  /** Where states lie; undefined: in memory. */
  readonly directory?: string | undefined;
}

const { brokers, groupId, directory }: CountingTask = JSON.parse(process.argv[2] ?? '{}');
process.on('disconnect', () => process.exit());

const app = createApp({
  ...{ groupId, driver: kafkajs({ brokers, metadataMaxAgeMs: 2_000 }) },
  ...{ sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 6_000, commit: { intervalMs: 100 } },
});
const options = {
  ...{ key: string, value: counter().codec },
  backend: directory === undefined ? undefined : lmdbBackends(directory),
};
const records$ = app.topic('in', { key: string, value: string });
records$.pipe(count(app.state('by-key', options))).subscribe(app.watch(() => {}));
records$
  .pipe(
    repartition(app.internal('by-value', { key: string, value: string }), value => value),
    count(app.state('by-value', options)),
  )
  .subscribe(app.watch(() => {}));
app.events$.subscribe(event => {
  if (event.type === 'assigned' && process.connected) process.send?.(event.partitions.length);
});
app.run().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
