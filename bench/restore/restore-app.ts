/** The contestant: the last value of each key, kept, filled or restored in a process of its own. Beside it KafkaStreamsRestore.java. */
import { createApp, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdbBackend } from 'kafka-rx/lmdb';
import { peek } from 'kafka-rx/operators';
import { reduce } from 'kafka-rx/state';
import { keyOf, type RestoreReport, readRestorePlan, textOf } from './restore-plan.js';

const sampleSize = 1_000;
const plan = readRestorePlan();
const app = createApp({ groupId: plan.group, driver: kafkajs({ brokers: plan.brokers }) });
const state = app.state('rows', {
  key: string,
  value: string,
  backend: plan.store === 'disk' ? lmdbBackend(plan.directory) : undefined,
});
const begun = new Set<number>();
const cpuAtStart = process.cpuUsage();
const from = performance.now();
let restoringFrom = Number.POSITIVE_INFINITY;
let taken = 0;
let report: RestoreReport | undefined;

app
  .topic(plan.input, { key: string, value: string })
  .pipe(
    reduce(state, (_before, value) => value),
    peek(({ partition }) => {
      taken++;
      begun.add(partition);
      if (report === undefined && begun.size === plan.partitions) report = measured();
      if (taken >= plan.records && begun.size === plan.partitions) setImmediate(end);
    }),
  )
  .subscribe(app.each(() => {}));

function measured(): RestoreReport {
  const now = performance.now();
  const { user, system } = process.cpuUsage(cpuAtStart);
  return {
    restoreMs: now - Math.min(restoringFrom, now),
    readyMs: now - from,
    cpuMs: (user + system) / 1000,
  };
}

/** What was committed is what can be asked for: all but the records of this run. */
function end(): void {
  if (plan.phase === 'restore') requireSample();
  void app.stop({ deadlineMs: 600_000 });
}

function requireSample(): void {
  const step = Math.max(1, Math.floor(plan.keys / sampleSize));
  for (let number = 0; number < plan.keys; number += step)
    if (state.get(keyOf(number)) !== textOf(number, plan.valueBytes))
      throw new Error(`${keyOf(number)} was not restored`);
}

app.events$.subscribe(event => {
  if (event.type === 'restoring') restoringFrom = Math.min(restoringFrom, performance.now() - event.tookMs);
});
await app.run();
process.stdout.write(`${JSON.stringify(report)}\n`);
