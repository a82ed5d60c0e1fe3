import { KafkaRxError } from '../../errors/errors.js';
import type { DriverContext, OffsetCommit, UnitOfWork } from '../port.js';
import { abortedUnit, closedUnit, outsideOfUnit, UnitOutputs } from '../unit-outputs.js';
import type { Cluster } from './cluster.js';
import type { MemoryConsumer } from './memory-consumer.js';
import { MemoryProducer } from './memory-producer.js';
import { Transaction } from './transaction.js';

/** The bounds that Kafka's producer has by default. */
const producerOptions = { maxRecordBytes: 1_048_576, deliveryTimeoutMs: 120_000 };

/** A task's transactions, one after the other, until one is refused or the task is opened anew. */
export class MemoryUnitOfWork extends UnitOutputs<MemoryProducer> implements UnitOfWork {
  readonly #cluster: Cluster;
  readonly #consumer: () => MemoryConsumer | undefined;
  readonly #close: () => void;
  #transaction: Transaction | undefined;

  /** @param consumer the member of the group whose offsets are committed, as long as there is one */
  constructor(
    cluster: Cluster,
    context: DriverContext,
    task: string,
    consumer: () => MemoryConsumer | undefined,
  ) {
    super(new MemoryProducer(cluster, context, producerOptions, () => this.#current()));
    this.#cluster = cluster;
    this.#consumer = consumer;
    cluster.tasks.get(task)?.fence();
    const entry = { fence: () => this.#die(fenced(task)) };
    cluster.tasks.set(task, entry);
    this.#close = () => {
      if (cluster.tasks.get(task) === entry) cluster.tasks.delete(task);
    };
  }

  begin(): void {
    this.enter();
    this.#transaction = new Transaction();
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    this.leave();
    await this.producer.flush();
    await new Promise<void>(resolve => this.#cluster.clock.defer(resolve, 'transactions'));
    const failure = this.dead ?? this.refused ?? this.#decide(offsets);
    this.left();
    if (failure === undefined) return;
    this.#die(failure);
    throw failure;
  }

  async abort(): Promise<void> {
    if (!this.isOpen) return;
    this.leave();
    this.producer.drop(abortedUnit());
    await this.producer.flush();
    this.#end('aborted');
    this.left();
  }

  close(): Promise<void> {
    this.#die(closedUnit());
    this.#close();
    return this.producer.close();
  }

  #current(): Transaction | KafkaRxError {
    return this.dead ?? this.#transaction ?? outsideOfUnit();
  }

  /** Offsets first: they can be refused, the marker cannot. Readers see both in one turn. */
  #decide(offsets: readonly OffsetCommit[]): KafkaRxError | undefined {
    const consumer = this.#consumer();
    const refused =
      (this.#cluster.reachable ? undefined : this.#cluster.unreachable()) ??
      this.#cluster.faults.commitFailure() ??
      (consumer === undefined ? notAMember() : consumer.refusal(offsets)) ??
      consumer?.group.commit(consumer.memberId, consumer.generation, consumer.storable(offsets));
    if (refused === undefined) this.#end('committed');
    return refused;
  }

  #die(error: KafkaRxError): void {
    this.dead ??= error;
    this.#end('aborted');
  }

  #end(outcome: 'committed' | 'aborted'): void {
    if (this.#transaction !== undefined) this.#cluster.endTransaction(this.#transaction, outcome);
    this.#transaction = undefined;
  }
}

function fenced(task: string): KafkaRxError {
  return new KafkaRxError('COMMIT_REFUSED', `Task ${task} was opened by another owner`, {
    remedy: 'Give the task up: its partitions are another member’s now.',
  });
}

function notAMember(): KafkaRxError {
  return new KafkaRxError('COMMIT_REFUSED', 'This connection has no member in the group', {
    remedy: 'Start the consumer before the unit of work.',
  });
}
