import type { TopicPartition } from '../../port.js';
import type { BatchResult, OutgoingBatch, ProduceTransport } from '../producer/produce-transport.js';
import { meansLostSequence } from '../protocol/error-codes.js';
import type { ProducerIdentity } from '../protocol/init-producer-id.js';
import type { KafkaTransaction } from './kafka-transaction.js';

/** The way of batches that belong to a transaction: their partitions are made known to it first. */
export class TransactionalTransport implements ProduceTransport {
  readonly #inner: ProduceTransport;
  readonly #transaction: KafkaTransaction;

  constructor(inner: ProduceTransport, transaction: KafkaTransaction) {
    this.#inner = inner;
    this.#transaction = transaction;
  }

  async send(nodeId: number, batches: readonly OutgoingBatch[]): Promise<readonly BatchResult[]> {
    await this.#transaction.add(batches);
    const results = await this.#inner.send(nodeId, batches);
    // Elsewhere the records would go out once more under another identity; here that is another transaction.
    const lost = results.find(({ error }) => error !== undefined && isLost(error));
    if (lost?.error === undefined) return results;
    throw this.#transaction.refused(lost.error);
  }

  identity(): Promise<ProducerIdentity> {
    return this.#transaction.identity();
  }

  leader(partition: TopicPartition): number {
    return this.#inner.leader(partition);
  }

  partitionCount(topic: string): number {
    return this.#inner.partitionCount(topic);
  }

  add(topics: readonly string[]): Promise<void> {
    return this.#inner.add(topics);
  }

  refresh(): Promise<void> {
    return this.#inner.refresh();
  }

  refreshIfDue(): Promise<void> {
    return this.#inner.refreshIfDue();
  }
}

const isLost = (type: string): boolean => type === 'PRODUCER_FENCED' || meansLostSequence(type);
