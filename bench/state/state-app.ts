/** The contestant: records counted by key, in a process of its own. Beside it KafkaStreamsState.java. */
import { bytes, createApp, nullable, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdbBackend } from 'kafka-rx/lmdb';
import { peek } from 'kafka-rx/operators';
import { count, counter, session, sessionWindowed, sliding, tumbling, windowed } from 'kafka-rx/state';
import { Meter } from '../peers/meter.js';
import { graceMs, readStatePlan, windowMs } from './state-plan.js';

const plan = readStatePlan();
const { emit, operation, output } = plan;
const meter = new Meter(plan);
const app = createApp({
  groupId: plan.group,
  driver: kafkajs({ brokers: plan.brokers }),
  guarantee: plan.guarantee,
  commit: { intervalMs: plan.intervalMs },
});
const state = app.state('counts', {
  key: string,
  value: counter().codec,
  backend: plan.store === 'disk' ? lmdbBackend(plan.directory) : undefined,
});
let taken = 0;
const input = app.topic(plan.input, { key: string, value: bytes }).pipe(
  peek(() => {
    // Drains, which is to say that it waits for every acknowledgement, and commits at once.
    if (++taken === plan.records) setImmediate(() => void app.stop({ deadlineMs: 60_000 }));
  }),
);
const value = counter().codec;

if (operation === 'count')
  input.pipe(count(state, { emit })).subscribe(app.to(output, { key: string, value }));
else if (operation === 'session') {
  const window = session(windowMs.session, { graceMs });
  input
    .pipe(count(state, { window, emit }))
    .subscribe(app.to(output, { key: sessionWindowed(string), value: nullable(value) }));
} else {
  const sizeMs = windowMs[operation];
  const window = operation === 'tumbling' ? tumbling(sizeMs, { graceMs }) : sliding(sizeMs, { graceMs });
  input
    .pipe(count(state, { window, emit }))
    .subscribe(app.to(output, { key: windowed(string, { sizeMs }), value }));
}

app.events$.subscribe(event => {
  if (event.type === 'commit' && event.result.error === undefined)
    meter.committed(event.result.offsets.map(({ partition, offset }) => [partition, offset]));
});
await app.run();
meter.report();
