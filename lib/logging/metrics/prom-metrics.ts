import { having, required } from '../../base/option-kinds.js';
import { checkArgument } from '../../base/option-schema.js';
import type { Metrics } from './metrics.js';

/** As much of prom-client (15.x) as is used here; pass the module itself. */
export interface PromClient<R> {
  readonly Counter: new (
    options: PromOptions<R>,
  ) => { inc(labels: Record<string, string>, amount: number): void };
  readonly Gauge: new (options: PromOptions<R> & { collect(this: PromGauge): void }) => unknown;
  readonly Histogram: new (
    options: PromOptions<R> & { buckets: number[] },
  ) => { observe(labels: Record<string, string>, value: number): void };
}

interface PromOptions<R> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: R[];
}

interface PromGauge {
  reset(): void;
  set(labels: Record<string, string>, value: number): void;
}

/**
 * Measures with prom-client, which then renders Prometheus text.
 *
 * @param registry where the metrics are registered; one app each, since names are taken once
 * @example
 * ```ts
 * const registry = new client.Registry();
 * createApp({ groupId, driver, metrics: promMetrics(client, registry) });
 * ```
 * @category Observability @since 0.1.0
 */
export function promMetrics<R>(client: PromClient<R>, registry: R): Metrics {
  checkArgument(
    'promMetrics',
    'the client',
    required(having('prom-client', 'Counter', 'Gauge', 'Histogram')),
    client,
  );
  checkArgument('promMetrics', 'the registry', required(having('a registry of prom-client')), registry);
  const options = (name: string, help: string, labels: readonly string[]): PromOptions<R> => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    counter(name, help, labels) {
      const counter = new client.Counter(options(name, help, labels));
      return { add: (amount, values = {}) => counter.inc(values, amount) };
    },
    gauge(name, help, labels, read) {
      new client.Gauge({
        ...options(name, help, labels),
        collect() {
          // A partition that went elsewhere must not keep its last value.
          this.reset();
          for (const sample of read()) this.set(sample.labels, sample.value);
        },
      });
    },
    histogram(name, help, labels, buckets) {
      const histogram = new client.Histogram({ ...options(name, help, labels), buckets: [...buckets] });
      return { observe: (value, values = {}) => histogram.observe(values, value) };
    },
  };
}
