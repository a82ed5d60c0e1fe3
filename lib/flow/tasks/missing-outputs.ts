import type { Clock } from '../../base/clock.js';
import { type Coordinates, isKafkaRxError, KafkaRxError, told } from '../../errors/errors.js';
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

  /**
   * @param at where the task begins again, where that is known
   * @throws what the opening does; a topic that is missing is `retriable` for as long as the patience lasts
   */
  async during(task: Task, opening: Promise<void>, at: () => Coordinates | undefined): Promise<void> {
    try {
      await opening;
    } catch (error) {
      if (!isKafkaRxError(error, 'MISSING_TOPIC')) throw error;
      const now = this.#clock.elapsed();
      const since = this.#since.get(task) ?? now;
      this.#since.set(task, since);
      if (now - since >= this.#patienceMs) throw absence(error, false, at());
      throw passingAbsence(error);
    }
  }
}

/** The same of a topic that may come back. */
export function passingAbsence(error: KafkaRxError): KafkaRxError {
  return absence(error, true);
}

/** A topic that was there when the app started: what the driver advises is for one that was not. */
function absence(error: KafkaRxError, retriable: boolean, at?: Coordinates): KafkaRxError {
  const remedy = 'Create it anew, or start the app again with the topics that there are';
  return new KafkaRxError('MISSING_TOPIC', told(error).what, { at, cause: error, remedy, retriable });
}
