import type { Clock } from '../../base/clock.js';
import type { DriverAdmin } from '../../drivers/port.js';
import type { Task } from '../../flow/source/partition-lane.js';
import type { InputsSeen } from '../../state/states-of-task.js';
import type { WritersSeen } from './held-time.js';
import type { WriterTimes } from './writer-times.js';

export interface InputsReadParts {
  readonly clock: Clock;
  readonly times: Pick<WriterTimes, 'seen'>;
  admin(): Pick<DriverAdmin, 'offsets'> | undefined;
  /** Told and not thrown: it is asked again. */
  failed(error: unknown): void;
}

/** What one topic had, when it was asked. */
interface TopicSeen extends Pick<WritersSeen, 'clockBound' | 'ends'> {
  /** On the clock's monotonic time, before it was. */
  readonly at: number;
}

/**
 * Asks how far the inputs of tasks go, by which an operator knows that it has nothing to wait for but the clock: an input from which nothing comes may
 * be behind, paused or out of reach as well, and what lies there is older than the clock says. Of internal topics those are asked too who write them.
 *
 * Tasks that ask at once, as when windows end, are answered by one question a topic.
 */
export class InputsRead {
  readonly #parts: InputsReadParts;
  /** By topic: what is being asked, from this turn on. */
  readonly #asked = new Map<string, Promise<TopicSeen>>();

  constructor(parts: InputsReadParts) {
    this.#parts = parts;
  }

  /** @see StatesOfTask.inputsSeen */
  async of({ inputs }: Pick<Task, 'inputs'>): Promise<InputsSeen | undefined> {
    if (inputs.length === 0) return undefined;
    try {
      const seen = await Promise.all(inputs.map(({ topic }) => this.#seen(topic)));
      return {
        at: Math.min(...seen.map(({ at }) => at)),
        bound: Math.min(...seen.map(({ clockBound }) => clockBound)),
        isRead: () =>
          inputs.every(({ watermark, states, topic, partition }, i) => {
            const read = Math.max(watermark.offset, states?.positionOf(topic) ?? 0, 0);
            return read >= (seen[i]?.ends[partition] ?? 0);
          }),
      };
    } catch (error) {
      this.#parts.failed(error);
      return undefined;
    }
  }

  #seen(topic: string): Promise<TopicSeen> {
    const known = this.#asked.get(topic);
    if (known !== undefined) return known;
    const asked = this.#ask(topic);
    this.#asked.set(topic, asked);
    // Who comes later asks what was there later.
    this.#parts.clock.defer(() => this.#asked.delete(topic));
    return asked;
  }

  async #ask(topic: string): Promise<TopicSeen> {
    const { times, clock, admin } = this.#parts;
    const at = clock.elapsed();
    const written = await times.seen(topic);
    if (written !== undefined) return { ...written, at };
    const ends = (await admin()?.offsets(topic, 'latest', { readCommitted: true })) ?? [];
    return { at, clockBound: Number.POSITIVE_INFINITY, ends };
  }
}
