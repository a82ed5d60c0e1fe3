/** Runs two workers until they have consumed 20 records, failed, or been told to stop, and prints what could be seen. */
import { isKafkaRxError, memoryMetrics } from 'kafka-rx';
import { runWorkers } from 'kafka-rx/workers';

const data: unknown = JSON.parse(process.argv[2] ?? '{}');
const metrics = memoryMetrics();
const workers = runWorkers(new URL('./worker.mjs', import.meta.url), 2, {
  metrics,
  data,
  signals: ['SIGTERM'],
});
const first = workers.health();
const states = new Set<string>();
workers.events$.subscribe(({ worker, event }) => {
  if (event.type === 'state') states.add(`${worker} ${event.state}`);
});
const consumed = () => metrics.value('kafka_rx_records_consumed_total');
let running = workers.health();
/** Reasons that it ever had, by the first words. */
const reasons = new Set<string>();
let readyWhileSilent = false;
const looks = setInterval(() => {
  const health = workers.health();
  for (const reason of health.reasons) reasons.add(reason.replace(/ \d+ ms.*/, ''));
  if (health.ready && health.reasons.some(reason => reason.includes('said nothing'))) readyWhileSilent = true;
}, 20);
let inFlight: readonly string[] = [];
const timer = setInterval(() => {
  if (consumed() < 20 || metrics.value('kafka_rx_in_flight_records') > 0 || !workers.health().ready) return;
  clearInterval(timer);
  running = workers.health();
  inFlight = [...metrics.snapshot().keys()].filter(name => name.includes('in_flight'));
  if (process.argv[3] === 'wait') process.stdout.write('ready\n');
  else void workers.stop();
}, 20);
if (process.argv[3] === 'stop soon') setTimeout(() => void workers.stop({ deadlineMs: 500 }), 2000);
let failure: unknown;
try {
  await workers.ended;
} catch (error) {
  failure = error;
}
clearInterval(timer);
clearInterval(looks);
await workers.stop();
const told = isKafkaRxError(failure)
  ? { code: failure.code, message: failure.message, at: failure.at }
  : undefined;
const produced = metrics.value('kafka_rx_records_produced_total');
const commits = Object.fromEntries(
  (metrics.snapshot().get('kafka_rx_commits_total') ?? []).map(({ labels, value }) => [
    labels['outcome'],
    value,
  ]),
);
const seen = {
  commits,
  first,
  running,
  last: workers.health(),
  states: [...states].sort(),
  consumed: consumed(),
  produced,
  inFlight,
  reasons: [...reasons],
  readyWhileSilent,
};
process.stdout.write(`${JSON.stringify({ ...seen, failure: told })}\n`);
