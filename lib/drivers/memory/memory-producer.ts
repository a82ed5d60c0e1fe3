import { KafkaRxError } from '../../errors/errors.js';
import { checkPartition } from '../check-append.js';
import { Flushes } from '../flushes.js';
import type {
  DriverContext,
  DriverProducer,
  OutputListener,
  ProducerOptions,
  ProducerOutput,
  TopicPartition,
} from '../port.js';
import { type Cluster, missingTopic } from './cluster.js';
import { MemoryQueue, type QueueContext } from './memory-queue.js';
import type { Transaction } from './transaction.js';

/** A producer of the embedded broker; one deferred turn serves all of its queues, one a partition. */
export class MemoryProducer implements DriverProducer {
  readonly #cluster: Cluster;
  readonly #context: QueueContext;
  readonly #prepared = new Map<string, number>();
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #flushes = new Flushes<MemoryQueue>();
  #waiting: MemoryQueue[] = [];
  #bufferedBytes = 0;
  #closed: Promise<void> | undefined;
  #isClosed = false;

  /** @param transaction what the next request belongs to, or why nothing can be sent; nothing for plain records */
  constructor(
    cluster: Cluster,
    { event }: DriverContext,
    options: ProducerOptions,
    transaction: () => Transaction | KafkaRxError | undefined = () => undefined,
  ) {
    this.#cluster = cluster;
    this.#context = {
      cluster,
      options,
      event,
      transaction,
      enqueue: queue => this.#enqueue(queue),
      buffered: bytes => {
        this.#bufferedBytes += bytes;
      },
      answered: () => this.#flushes.check(),
    };
  }

  async prepare(topics: readonly string[]): Promise<void> {
    this.#cluster.requireReachable();
    const missing = topics.filter(topic => this.#cluster.partitionCount(topic) === 0);
    if (missing.length > 0) throw missingTopic(missing);
    for (const topic of topics) this.#prepared.set(topic, this.#cluster.partitionCount(topic));
  }

  partitionCount(topic: string): number {
    const known = this.#prepared.get(topic);
    if (known === undefined) throw this.#unprepared(topic);
    const count = this.#cluster.partitionCount(topic);
    if (count === known || count === 0) return known;
    // More, or fewer of one that was made anew. None while it is gone.
    this.#prepared.set(topic, count);
    return count;
  }

  output(partition: TopicPartition, listener: OutputListener): ProducerOutput {
    checkPartition(partition, this.partitionCount(partition.topic));
    return this.#queueOf(partition).output(listener);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  flush(): Promise<void> {
    return this.#flushes.answered(this.#queues.values());
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = this.flush().then(() => {
        this.#isClosed = true;
      });
      for (const queue of this.#queues.values()) queue.close(closed());
    }
    return this.#closed;
  }

  /** Refuses what is pending, and goes on. */
  drop(error: KafkaRxError): void {
    for (const queue of this.#queues.values()) queue.drop(error);
  }

  #queueOf(at: TopicPartition): MemoryQueue {
    const name = `${at.topic}/${at.partition}`;
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new MemoryQueue(this.#context, at);
    if (this.#closed !== undefined) queue.close(closed());
    this.#queues.set(name, queue);
    return queue;
  }

  #enqueue(queue: MemoryQueue): void {
    this.#waiting.push(queue);
    if (this.#waiting.length === 1) this.#cluster.clock.defer(this.#turn, 'produce');
  }

  readonly #turn = (): void => {
    const queues = this.#waiting;
    this.#waiting = [];
    for (const queue of queues) queue.turn();
  };

  #unprepared(topic: string): KafkaRxError {
    return new KafkaRxError('DRIVER', `Topic ${topic} was not prepared`, {
      remedy: 'Await `prepare` before `partitionCount` and `output`.',
    });
  }
}

function closed(): KafkaRxError {
  return new KafkaRxError('CLOSED', 'The producer was closed', { remedy: 'Flush it before closing it.' });
}
