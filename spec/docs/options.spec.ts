import { readFileSync } from 'node:fs';
import * as t from 'io-ts';
import { defaults } from '../../lib/app/defaults.js';
import { runWorkers } from '../../lib/app/workers/index.js';
import { defaults as kafkajs } from '../../lib/drivers/kafkajs/options.js';
import { memory } from '../../lib/drivers/memory/index.js';
import { commitTo, createApp, json, memoryStore, retry } from '../../lib/index.js';
import { instruments } from '../../lib/logging/metrics/instruments.js';
import { memoryMetrics } from '../../lib/logging/metrics/metrics.js';
import { lmdb } from '../../lib/stores/lmdb.js';
import { batch, flatMapValue, mapAsync } from '../../operators/index.js';

const page = readFileSync('docs/options.md', 'utf8');

test('every default stands in docs/options.md with its value, and nothing else does', () => {
  const documented = [...page.matchAll(/^\| `([a-zA-Z.]+)` \| (?:(\d+(?:\.\d+)?)|`'([\w-]+)'`) \|/gm)].map(
    ([, name, number, text]) => [name, text ?? Number(number)],
  );
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(leaves({ ...defaults, kafkajs }, '')));
});

test('every metric stands in docs/options.md with its kind', () => {
  const made: string[][] = [];
  const metrics = memoryMetrics();
  instruments(
    {
      counter: (name, help, labels) => {
        made.push([name, 'counter']);
        return metrics.counter(name, help, labels);
      },
      gauge: name => void made.push([name, 'gauge']),
      histogram: (name, help, labels, buckets) => {
        made.push([name, 'histogram']);
        return metrics.histogram(name, help, labels, buckets);
      },
    },
    {
      inFlightRecords: () => 0,
      inFlightBytes: () => 0,
      bufferedBytes: () => 0,
      partitions: () => [],
      standstills: () => [],
      tasks: () => [],
      restores: () => [],
    },
  );
  const documented = [...page.matchAll(/^\| `(kafka_rx_\w+)` \| (\w+) \|/gm)].map(([, name, kind]) => [
    name,
    kind,
  ]);
  expect(documented.sort()).toEqual(made.sort());
});

const app = createApp({ groupId: 'g', driver: memory() });
const later = async (): Promise<number> => 1;
/** What a JavaScript program may give, or one that reads its options from a file. */
const given = (options: object): never => options as never;

test.each<[string, () => unknown]>([
  ['mapAsync.order', () => mapAsync(later, given({ order: 'keys' }))],
  ['mapAsync.concurrency', () => mapAsync(later, { concurrency: 0 })],
  ['flatMapValue.maxParts', () => flatMapValue(() => [1], { maxParts: 0 })],
  ['batch.maxRecords', () => batch(() => 1, { maxRecords: 0 })],
  ['each.concurrency', () => app.each(later, { concurrency: 0 })],
  ['store.maxDocuments', () => app.store(memoryStore('s'), { maxDocuments: 0 })],
  ['retry.attempts', () => retry({ attempts: 0 })],
  ['retry.maxDelayMs', () => retry({ maxDelayMs: -1 })],
  ['retry.otherwise', () => retry(given({ otherwise: 'stop' }))],
  ['json.maxDepth', () => json(t.string, { maxDepth: 0 })],
  ['json.unknownFields', () => json(t.string, given({ unknownFields: 'keep' }))],
  ['lmdb.snapshotMs', () => lmdb('s', { value: json(t.string), snapshotMs: 0 })],
  ['commit.attempts', () => commitTo({ commit: async () => {} }, { attempts: 0 })],
  ['group.sessionTimeoutMs', () => createApp({ groupId: 'g', driver: memory(), sessionTimeoutMs: 0 })],
  ['source.idleMs', () => createApp({ groupId: 'g', driver: memory(), idleMs: 0 })],
  ['replays', () => createApp({ groupId: 'g', driver: memory(), replays: given(['no']) })],
  ['stopDeadlineMs', () => runWorkers(new URL(`file://${__filename}`), 1, { stopDeadlineMs: -1 })],
])('what is refused in the place of %s names the default', (name, make) => {
  const value = Object.fromEntries(leaves(defaults, ''))[name];
  expect(value).toBeDefined();
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  expect(make).toThrow(`or leave it out for ${shown}`);
});

function leaves(value: object, prefix: string): [string, number | string][] {
  return Object.entries(value).flatMap(([name, inner]): [string, number | string][] =>
    typeof inner === 'object' ? leaves(inner as object, `${prefix}${name}.`) : [[prefix + name, inner]],
  );
}
