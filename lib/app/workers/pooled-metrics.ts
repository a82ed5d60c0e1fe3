import type { Counter, Histogram, Metrics, Sample } from '../../logging/metrics/metrics.js';
import type { Definition, MetricsReport } from './messages.js';

/** The workers' reports as one set of metrics: counters and gauges of the same labels are added up. */
export class PooledMetrics {
  readonly #metrics: Metrics;
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();
  /** By gauge: each worker's last samples. */
  readonly #gauges = new Map<string, Map<number, readonly Sample[]>>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  take(worker: number, { defined, counted, gauges, observed }: MetricsReport): void {
    for (const definition of defined) this.#define(definition);
    for (const { name, value, labels } of counted) this.#counters.get(name)?.add(value, labels);
    for (const { name, value, labels } of observed) this.#histograms.get(name)?.observe(value, labels);
    for (const { name, samples } of gauges) this.#gauges.get(name)?.set(worker, samples);
  }

  /** The worker has ended: its gauges count no more. */
  drop(worker: number): void {
    for (const samples of this.#gauges.values()) samples.delete(worker);
  }

  /** The first worker's definition makes the metric; all define the same. */
  #define({ kind, name, help, labels, buckets }: Definition): void {
    if (this.#counters.has(name) || this.#histograms.has(name) || this.#gauges.has(name)) return;
    if (kind === 'counter') {
      this.#counters.set(name, this.#metrics.counter(name, help, labels));
    } else if (kind === 'histogram') {
      this.#histograms.set(name, this.#metrics.histogram(name, help, labels, buckets));
    } else {
      const samples = new Map<number, readonly Sample[]>();
      this.#gauges.set(name, samples);
      this.#metrics.gauge(name, help, labels, () => addedUp([...samples.values()].flat()));
    }
  }
}

function addedUp(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, { labels: Sample['labels']; value: number }>();
  for (const { labels, value } of samples) {
    const key = JSON.stringify(labels);
    const sum = sums.get(key) ?? { labels, value: 0 };
    sum.value += value;
    sums.set(key, sum);
  }
  return [...sums.values()];
}
