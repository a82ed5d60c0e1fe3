import type { Clock } from '../../../base/clock.js';
import { partitionKey } from '../../../base/partition-key.js';
import { Sleepers } from '../consumer/sleepers.js';
import type { FetchedPartition, FetchPosition, FetchResponse } from '../protocol/fetch.js';
import { partitionOf } from './partition-of.js';

export interface LongPollContext {
  readonly clock: Clock;
  /** Milliseconds that a request waits for records. */
  readonly maxWaitMs: number;
  /** Sends one request, which waits at the broker. */
  readonly send: (positions: readonly FetchPosition[]) => Promise<FetchResponse>;
}

/** Who waits for more of a partition. */
interface Waiting {
  readonly position: FetchPosition;
  resolve(fetched: FetchedPartition): void;
  reject(error: unknown): void;
}

/**
 * All that wait at one broker, in one request at a time: it answers a connection's requests in order, so that two that wait would wait for
 * one another. What comes meanwhile is in the next.
 */
export class LongPoll {
  readonly #context: LongPollContext;
  readonly #sleepers: Sleepers;
  #waiting: Waiting[] = [];
  #isAsking = false;
  /** Monotonic time. */
  #notBefore = 0;

  constructor(context: LongPollContext) {
    this.#context = context;
    this.#sleepers = new Sleepers(context.clock);
  }

  /** An answer about this partition among others: it may be empty since there was no room for it. */
  ask(position: FetchPosition): Promise<FetchedPartition> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ position, resolve, reject });
      if (!this.#isAsking) void this.#ask();
    });
  }

  /** Has those that are between two requests sent at once. */
  wake(): void {
    this.#sleepers.wake();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiting.length > 0) {
      // With whoever asks in the same turn.
      await this.#sleepers.sleep(Math.max(0, this.#notBefore - this.#context.clock.elapsed()));
      await this.#round(this.#take());
    }
    this.#isAsking = false;
  }

  /** A request names a partition once. */
  #take(): readonly Waiting[] {
    const taken = new Map<string, Waiting>();
    const left: Waiting[] = [];
    for (const one of this.#waiting) {
      const key = partitionKey(one.position);
      if (taken.has(key)) left.push(one);
      else taken.set(key, one);
    }
    this.#waiting = left;
    return [...taken.values()];
  }

  async #round(round: readonly Waiting[]): Promise<void> {
    const { clock, maxWaitMs, send } = this.#context;
    const began = clock.elapsed();
    try {
      const response = await send(round.map(({ position }) => position));
      // A log whose last records were compacted away has more by its offsets, and the broker does not wait for that.
      if (response.partitions.every(isEmpty)) this.#notBefore = began + maxWaitMs;
      for (const { position, resolve, reject } of round) {
        try {
          resolve(partitionOf(response, position));
        } catch (error) {
          reject(error);
        }
      }
    } catch (error) {
      for (const { reject } of round) reject(error);
    }
  }
}

function isEmpty({ errorCode, records, diverging }: FetchedPartition): boolean {
  return errorCode === 0 && records.length === 0 && diverging === undefined;
}
