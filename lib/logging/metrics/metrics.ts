import { plainObject, required, text } from '../../base/option-kinds.js';
import { checkArgument } from '../../base/option-schema.js';

/**
 * What the library measures with. Three kinds of instrument, names and units as Prometheus has them (base units,
 * counters ending in `_total`); labels are topics, partitions, states, tasks, stages and reasons, never anything out of a record.
 *
 * @category Observability @since 0.1.0
 */
export interface Metrics {
  /** Something that only grows. */
  counter(name: string, help: string, labels: readonly string[]): Counter;
  /** Something that is read when somebody looks. */
  gauge(name: string, help: string, labels: readonly string[], read: () => readonly Sample[]): void;
  /** How something spreads, such as the seconds that commits take. */
  histogram(name: string, help: string, labels: readonly string[], buckets: readonly number[]): Histogram;
}

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface Counter {
  add(amount: number, labels?: Labels): void;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Measures nothing: what an app does that was given no metrics. */
export const noMetrics: Metrics = {
  counter: () => ({ add() {} }),
  gauge() {},
  histogram: () => ({ observe() {} }),
};

/** Keeps the numbers in memory: what tests and small programs read. @category Observability @since 0.1.0 */
export interface MemoryMetrics extends Metrics {
  /** The sum over all label sets that contain `labels`; histograms give their count. 0 when never written. */
  value(name: string, labels?: Labels): number;
  /** Every sample, by metric name. */
  snapshot(): ReadonlyMap<string, readonly Sample[]>;
}

/** @category Observability @since 0.1.0 */
export function memoryMetrics(): MemoryMetrics {
  const written = new Map<string, Map<string, { labels: Labels; value: number }>>();
  const read = new Map<string, () => readonly Sample[]>();

  const add = (name: string, amount: number, labels: Labels): void => {
    const samples = written.get(name) ?? new Map();
    written.set(name, samples);
    const key = JSON.stringify(labels);
    const sample = samples.get(key) ?? { labels, value: 0 };
    sample.value += amount;
    samples.set(key, sample);
  };

  const samplesOf = (name: string): readonly Sample[] => [
    ...(written.get(name)?.values() ?? []),
    ...(read.get(name)?.() ?? []),
  ];

  return {
    counter: name => ({ add: (amount, labels = {}) => add(name, amount, labels) }),
    gauge: (name, _help, _labels, reader) => void read.set(name, reader),
    histogram: name => ({ observe: (_value, labels = {}) => add(name, 1, labels) }),
    value(name, labels = {}) {
      checkArgument('MemoryMetrics.value', 'the name', required(text), name);
      checkArgument('MemoryMetrics.value', 'the labels', required(plainObject('an object of texts')), labels);
      return samplesOf(name)
        .filter(sample => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
        .reduce((sum, sample) => sum + sample.value, 0);
    },
    snapshot: () => new Map([...written.keys(), ...read.keys()].map(name => [name, samplesOf(name)])),
  };
}
