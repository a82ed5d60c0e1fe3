import { errorKind, KafkaRxError } from '../../errors/errors.js';
import { hearOut } from '../hear-out.js';
import type { Logger } from '../logger.js';
import { type Metrics, noMetrics } from './metrics.js';

/**
 * The metrics that an app measures with: what the user's throw or reject with while the app runs is lost, with one warning for each
 * metric, and stops nothing. A metric that cannot be made is refused.
 *
 * @throws `CONFIGURATION` from `counter`, `gauge` and `histogram`
 */
export function steadyMetrics(metrics: Metrics, logger: Logger): Metrics {
  if (metrics === noMetrics) return metrics;
  const made = <T>(name: string, make: () => T): T => {
    try {
      return make();
    } catch (cause) {
      throw new KafkaRxError('CONFIGURATION', `The metric ${name} could not be made (${errorKind(cause)})`, {
        cause,
        remedy: 'Give each app metrics of its own; a registry takes a name once',
      });
    }
  };
  const lostFor = (name: string): ((thrown: unknown) => void) => {
    let isTold = false;
    return thrown => {
      if (isTold) return;
      isTold = true;
      logger.warn(
        { metric: name, error: errorKind(thrown) },
        'a metric could not be written: its numbers are too low',
      );
    };
  };
  return {
    counter(name, help, labels) {
      const counter = made(name, () => metrics.counter(name, help, labels));
      const lost = lostFor(name);
      return { add: (amount, values) => hearOut(() => counter.add(amount, values), lost) };
    },
    gauge(name, help, labels, read) {
      const gave: unknown = made(name, () => metrics.gauge(name, help, labels, read));
      hearOut(() => gave, lostFor(name));
    },
    histogram(name, help, labels, buckets) {
      const histogram = made(name, () => metrics.histogram(name, help, labels, buckets));
      const lost = lostFor(name);
      return { observe: (value, values) => hearOut(() => histogram.observe(value, values), lost) };
    },
  };
}
