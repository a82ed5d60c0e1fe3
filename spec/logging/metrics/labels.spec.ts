/** Dashboards and alerts go by labels: each metric's are declared, written, and documented, and these are the same. */
import { readFileSync } from 'node:fs';
import { type App, KafkaRxError, type Metrics, memoryMetrics, memoryStore, string } from 'kafka-rx';
import { mapValue } from 'kafka-rx/operators';
import { count, counter } from 'kafka-rx/state';
import type { StateBackends } from '../../../lib/state/backend.js';
import { memoryBackends } from '../../../lib/state/memory-backend.js';
import { held, Members } from '../../app/members.js';

const value = string;

/** Metrics in memory, and the labels that each was declared with. */
function declaring() {
  const declared = new Map<string, readonly string[]>();
  const inner = memoryMetrics();
  const metrics: Metrics = {
    counter: (name, help, labels) => {
      declared.set(name, labels);
      return inner.counter(name, help, labels);
    },
    gauge: (name, help, labels, read) => {
      declared.set(name, labels);
      inner.gauge(name, help, labels, read);
    },
    histogram: (name, help, labels, buckets) => {
      declared.set(name, labels);
      return inner.histogram(name, help, labels, buckets);
    },
  };
  return { declared, metrics, samples: (name: string) => inner.snapshot().get(name) ?? [] };
}

/** States in memory that say how large they are; what is restored of the task `stuck/0` is never there. */
const sized: StateBackends = {
  async open(task) {
    const backend = await memoryBackends.open(task);
    if (task === 'stuck/0') backend.restore = () => new Promise(() => {});
    return Object.defineProperty(backend, 'bytes', { value: 4096 });
  },
};

/** An app to which everything happens that is measured. */
async function lived() {
  const measured = declaring();
  const members = new Members({ in: 1, letters: 1, gone: 1, blocked: 1, out: 1, counted: 1, stuck: 1 });
  members.broker.createTopic('group-stuck-changelog', 1);
  members.publish('group-stuck-changelog', 'a', 'b');
  const straggler = held();
  let leave = (): void => {};
  const fails = (one: string): string => {
    if (one === 'bad') throw new Error('no');
    return one;
  };
  const member = members.start(
    (app: App) => {
      const source = app.topic('in', { value });
      source.pipe(mapValue(fails, { onError: 'skip', name: 'skipping' })).subscribe(app.to('out', { value }));
      source
        .pipe(mapValue(fails, { onError: 'dead-letter', name: 'lettering' }))
        .subscribe(app.store(memoryStore<string>('history')));
      source.subscribe(app.each(record => (record.value === 'slow' ? straggler.promise : undefined)));
      app.topic('blocked', { value }).subscribe(app.each(() => {}));
      const unheard = app.topic('gone', { value }).subscribe(app.each(() => {}, { mayEnd: true }));
      leave = () => unheard.unsubscribe();
      for (const name of ['counted', 'stuck']) {
        app
          .topic(name, { key: string, value })
          .pipe(count(app.state(name, { key: string, value: counter().codec, backend: sized })))
          .subscribe(app.each(() => {}));
      }
    },
    { metrics: measured.metrics, deadLetters: { topic: 'letters' } },
  );
  await members.settle();
  leave();
  members.publish('gone', 'unread');
  members.broker.transaction().publish('blocked', [{ value: 'open' }, { value: 'open' }]);
  members.publish('in', 'good', 'bad');
  members.broker.publish('counted', [{ key: 'k', value: 'v' }]);
  await members.pass(1000);
  members.broker.faults.refuseCommits(1, new KafkaRxError('DRIVER', 'no coordinator'));
  members.publish('in', 'good');
  await members.pass(1000);
  members.publish('in', 'slow', 'good');
  await members.pass(20_000);
  return { ...measured, members, member };
}

test('each metric is written with the labels that it was declared with, each a text that says something', async () => {
  const { declared, samples } = await lived();
  expect([...declared.keys()].filter(name => samples(name).length === 0)).toEqual([]);
  for (const [name, labels] of declared) {
    for (const sample of samples(name)) {
      // `stage` alone may be empty: what is dropped for its epoch has none.
      const written = Object.entries(sample.labels).filter(
        ([label, text]) => text !== '' || label === 'stage',
      );
      expect([name, ...written.map(([label]) => label)]).toEqual([name, ...labels]);
    }
  }
});

test('what happens to records, documents, transactions and commits is told under these labels and values', async () => {
  const { samples } = await lived();
  const labelsOf = (name: string) => samples(name).map(({ labels }) => labels);
  const [ofBlocked, ofGone, ofIn, ofCounted, ofStuck] = ['blocked', 'gone', 'in', 'counted', 'stuck'].map(
    topic => ({ topic, partition: '0' }),
  );
  expect({
    consumed: labelsOf('kafka_rx_records_consumed_total'),
    produced: labelsOf('kafka_rx_records_produced_total'),
    stored: labelsOf('kafka_rx_documents_stored_total'),
    dropped: labelsOf('kafka_rx_records_dropped_total'),
    letters: samples('kafka_rx_dead_letters_total'),
    commits: labelsOf('kafka_rx_commits_total'),
    seconds: labelsOf('kafka_rx_commit_seconds'),
    unread: samples('kafka_rx_unread_records'),
    lag: labelsOf('kafka_rx_lag_records'),
    gap: labelsOf('kafka_rx_above_watermark_records'),
    age: samples('kafka_rx_watermark_age_seconds'),
    standstill: samples('kafka_rx_standstill_seconds'),
    undecided: samples('kafka_rx_undecided_records'),
  }).toEqual({
    consumed: [{ topic: 'in' }, { topic: 'counted' }],
    produced: [{ topic: 'out' }],
    stored: [{ store: 'history' }],
    dropped: [
      { reason: 'skipped', stage: 'process' },
      { reason: 'dead-lettered', stage: 'process' },
    ],
    letters: [{ labels: {}, value: 1 }],
    commits: [{ outcome: 'confirmed' }, { outcome: 'DRIVER' }],
    seconds: [{}],
    unread: [{ labels: ofGone, value: 1 }],
    lag: [ofBlocked, ofCounted, ofIn, ofStuck],
    gap: [ofBlocked, ofCounted, ofGone, ofIn, ofStuck],
    age: [
      { labels: ofBlocked, value: 0 },
      { labels: ofCounted, value: 0 },
      { labels: ofGone, value: 0 },
      { labels: ofIn, value: 20 },
      { labels: ofStuck, value: 0 },
    ],
    standstill: [{ labels: { ...ofBlocked, cause: 'open-transaction' }, value: 22 }],
    undecided: [{ labels: ofBlocked, value: 2 }],
  });
});

test('docs/options.md names the labels of each', async () => {
  const { declared } = await lived();
  const page = readFileSync('docs/options.md', 'utf8');
  const documented = [...page.matchAll(/^\| `(kafka_rx_\w+)` \| \w+ \| ([^|]+) \|/gm)].map(
    ([, name, labels]) => [name, labels === '–' ? [] : labels?.split(', ')],
  );
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(declared));
});
