import { readFileSync } from 'node:fs';
import { defaults } from '../../lib/app/defaults.js';
import { defaults as kafkajs } from '../../lib/drivers/kafkajs/options.js';
import { instruments } from '../../lib/logging/metrics/instruments.js';
import { memoryMetrics } from '../../lib/logging/metrics/metrics.js';

const page = readFileSync('docs/options.md', 'utf8');

test('every default stands in docs/options.md with its value, and nothing else does', () => {
  const documented = [...page.matchAll(/^\| `([a-zA-Z.]+)` \| (\d+(?:\.\d+)?) \|/gm)].map(
    ([, name, value]) => [name, Number(value)],
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
    },
  );
  const documented = [...page.matchAll(/^\| `(kafka_rx_\w+)` \| (\w+) \|/gm)].map(([, name, kind]) => [
    name,
    kind,
  ]);
  expect(documented.sort()).toEqual(made.sort());
});

function leaves(value: object, prefix: string): [string, number][] {
  return Object.entries(value).flatMap(([name, inner]): [string, number][] =>
    typeof inner === 'number' ? [[prefix + name, inner]] : leaves(inner as object, `${prefix}${name}.`),
  );
}
