import { KafkaRxError } from '../../../errors/errors.js';
import type { Logger } from '../../../logging/logger.js';
import type { ProducerIdentity } from '../protocol/init-producer-id.js';
import type { PartitionQueue } from './partition-queue.js';
import type { ProduceTransport } from './produce-transport.js';

function sameIdentity(): KafkaRxError {
  return new KafkaRxError(
    'PRODUCE',
    'What was sent may have been written or not, and nothing can follow it in this transaction',
    {
      remedy: 'Nothing: the unit of work is dropped, and its records come again.',
    },
  );
}

/** Whom a producer's batches come from: one identity for all partitions, and another for those that have spent it. */
export class ProducerIdentities {
  readonly #transport: ProduceTransport;
  readonly #logger: Logger;
  #newest: Promise<ProducerIdentity | undefined> | undefined;

  constructor(transport: ProduceTransport, logger: Logger) {
    this.#transport = transport;
    this.#logger = logger;
  }

  /**
   * Has the brokers know the batches under way, so that one that is sent again, its answer lost, is not written again.
   * Rejects when the cluster could not be asked.
   */
  async number(queues: readonly PartitionQueue[]): Promise<void> {
    for (const queue of queues) {
      if (queue.wantsIdentity) {
        const identity = await this.#forPartition(queue);
        if (identity === undefined) return;
        queue.begin(identity);
      }
      queue.number();
    }
  }

  /**
   * Undefined where the cluster gives none. Rejects when it could not be asked; the next call asks again. Rejects for good where the identity
   * that the partition has spent is the only one: that of a transaction, to its end.
   */
  async #forPartition({ spent }: PartitionQueue): Promise<ProducerIdentity | undefined> {
    this.#newest ??= this.#ask();
    const identity = await this.#newest;
    if (identity === undefined || identity !== spent) return identity;
    this.#newest = this.#ask();
    const other = await this.#newest;
    // Numbered from 0 on once more, a batch would be taken for one that is written already.
    if (other === spent) throw sameIdentity();
    return other;
  }

  /** The one that was is no longer to be used. */
  forget(): void {
    this.#newest = undefined;
  }

  async #ask(): Promise<ProducerIdentity | undefined> {
    if (this.#transport.identity === undefined) return undefined;
    try {
      const identity = await this.#transport.identity();
      if (identity === undefined) {
        this.#logger.warn(
          { right: 'IDEMPOTENT_WRITE' },
          'the cluster gives no producer id: a batch whose answer is lost may be written twice',
        );
      }
      return identity;
    } catch (error) {
      this.#newest = undefined;
      throw error;
    }
  }
}
