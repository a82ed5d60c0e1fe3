import type { Clock } from '../../base/clock.js';
import { isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import type { Task } from '../source/partition-lane.js';

/**
 * Output topics that are gone where units of work are opened. A record that is on its way to such a topic at least once is tried again for
 * as long as it may take to be delivered; a task that cannot be opened for it waits as long, and the app fails then.
 */
export class MissingOutputs {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** Since when, on the clock's monotonic time. */
  readonly #since = new WeakMap<Task, number>();

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** @throws what the opening does; a topic that is missing is `retriable` for as long as the patience lasts */
  async during(task: Task, opening: Promise<void>): Promise<void> {
    try {
      await opening;
    } catch (error) {
      if (!isKafkaRxError(error, 'MISSING_TOPIC')) throw error;
      const now = this.#clock.elapsed();
      const since = this.#since.get(task) ?? now;
      this.#since.set(task, since);
      if (now - since >= this.#patienceMs) throw error;
      throw passingAbsence(error);
    }
  }
}

/** The same of a topic that may come back. */
export function passingAbsence(error: KafkaRxError): KafkaRxError {
  return new KafkaRxError('MISSING_TOPIC', error.message, {
    ...{ cause: error, remedy: error.remedy, retriable: true },
  });
}
