import type { DriverContext } from '../../port.js';
import { backoffMs } from '../backoff.js';
import { fatalErrorOf, reasonOf } from '../errors.js';
import { meansLostSequence, meansStaleMetadata, passes } from '../protocol/error-codes.js';
import type { PartitionQueue } from './partition-queue.js';
import { abandonedBatch, blamedRecord, refusedBatch } from './produce-errors.js';
import type { BatchResult } from './produce-transport.js';

const backoffCapMs = 1_000;
/** How long a topic may be unknown to its leader before its records are refused: metadata lags behind creation. */
const unknownTopicGraceMs = 10_000;

/** Errors of one record, which the broker blames on its batch. */
const blamesOne: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

/** What becomes of the batch that a queue has under way: acknowledged, sent again, halved or refused. */
export class BatchOutcomes {
  readonly #driver: Pick<DriverContext, 'clock' | 'logger' | 'event'>;

  constructor(driver: Pick<DriverContext, 'clock' | 'logger' | 'event'>) {
    this.#driver = driver;
  }

  /** What follows from the answer; none at all means that the batch was not sent. Tells whether metadata is stale. */
  conclude(queue: PartitionQueue, result: BatchResult | undefined): 'stale' | undefined {
    // Refused while it was under way: that was its outcome.
    if (queue.inFlight === 0) return undefined;
    if (result === undefined) {
      this.#retry(queue, 'missing from the response');
      return 'stale';
    }
    if (result.error === undefined) {
      queue.acknowledge(result.baseOffset);
      return undefined;
    }
    const { error: type, fatal } = result;
    if (fatal !== undefined) {
      queue.abandon(abandonedBatch(queue, fatal));
      return undefined;
    }
    // It was written the first time, and the answer was lost.
    if (type === 'DUPLICATE_SEQUENCE_NUMBER') {
      queue.acknowledge(-1);
      return undefined;
    }
    if (meansLostSequence(type)) {
      queue.loseSequence();
      this.#retry(queue, type);
      return undefined;
    }
    if (blamesOne.has(type)) {
      if (queue.halve() === 'alone') queue.refuse(1, blamedRecord(queue, type));
      return undefined;
    }
    const stale = meansStaleMetadata(type) ? 'stale' : undefined;
    if (result.passes ?? passes(type)) this.#retry(queue, type);
    else queue.refuse(queue.inFlight, refusedBatch(queue, type));
    return stale;
  }

  /** There is no answer: nobody knows whether the batch was written. */
  unanswered(queue: PartitionQueue, error: unknown): void {
    if (queue.inFlight === 0) return;
    const fatal = fatalErrorOf(error);
    if (fatal === undefined) this.#retry(queue, reasonOf(error));
    else queue.abandon(abandonedBatch(queue, fatal));
  }

  /** It waits, longer each time, and is sent again. */
  putBack(queue: PartitionQueue, reason: string): void {
    const { clock, logger, event } = this.#driver;
    const attempt = queue.failures + 1;
    const delayMs = backoffMs(attempt, backoffCapMs);
    queue.putBack(clock.elapsed() + delayMs);
    const { topic, partition } = queue;
    logger.info({ topic, partition, attempt, delayMs, reason }, 'produce will be retried');
    event({ type: 'retrying', what: `produce to ${topic}-${partition}`, attempt, delayMs, reason });
  }

  #retry(queue: PartitionQueue, reason: string): void {
    const waited = this.#driver.clock.elapsed() - (queue.since ?? 0);
    if (reason === 'UNKNOWN_TOPIC_OR_PARTITION' && waited > unknownTopicGraceMs) {
      queue.refuse(queue.inFlight, refusedBatch(queue, reason));
    } else this.putBack(queue, reason);
  }
}
