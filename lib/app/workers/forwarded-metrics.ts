import type { Counter, Histogram, Labels, Metrics, Sample } from '../../logging/metrics/metrics.js';
import type { Definition, MetricsReport } from './messages.js';

/** Measures in a worker and hands it over in reports: what `report` returns was measured since it was called last. */
export class ForwardedMetrics implements Metrics {
  #defined: Definition[] = [];
  readonly #gauges = new Map<string, () => readonly Sample[]>();
  readonly #counted = new Map<string, { name: string; labels: Labels; value: number }>();
  #observed: { name: string; value: number; labels: Labels }[] = [];

  counter(name: string, help: string, labels: readonly string[]): Counter {
    this.#define({ kind: 'counter', name, help, labels, buckets: [] });
    return {
      add: (amount, values = {}) => {
        const key = `${name} ${JSON.stringify(values)}`;
        const sample = this.#counted.get(key) ?? { name, labels: values, value: 0 };
        sample.value += amount;
        this.#counted.set(key, sample);
      },
    };
  }

  gauge(name: string, help: string, labels: readonly string[], read: () => readonly Sample[]): void {
    this.#define({ kind: 'gauge', name, help, labels, buckets: [] });
    this.#gauges.set(name, read);
  }

  histogram(name: string, help: string, labels: readonly string[], buckets: readonly number[]): Histogram {
    this.#define({ kind: 'histogram', name, help, labels, buckets });
    return { observe: (value, values = {}) => void this.#observed.push({ name, value, labels: values }) };
  }

  report(): MetricsReport {
    const report: MetricsReport = {
      defined: this.#defined,
      counted: [...this.#counted.values()],
      gauges: [...this.#gauges].map(([name, read]) => ({ name, samples: read() })),
      observed: this.#observed,
    };
    this.#defined = [];
    this.#counted.clear();
    this.#observed = [];
    return report;
  }

  #define(definition: Definition): void {
    this.#defined.push(definition);
  }
}
