import type {
  AssignedPartition,
  ConsumerListener,
  FetchedBatch,
  SourceRecord,
  TopicPartition,
} from '../../lib/drivers/port.js';
import type { KafkaRxError } from '../../lib/errors/errors.js';
import type { PortCalls } from './contract-client.js';

export interface SeenRecord extends SourceRecord, AssignedPartition {}

/** What was told of the end of a partition. */
export interface SeenEnd extends AssignedPartition {
  readonly position: number;
}

export interface SeenBatch extends AssignedPartition {
  readonly topicId: string;
  readonly count: number;
  readonly bytes: number;
  readonly nextOffset: number;
  readonly endOffset: number;
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

/** Records all that a consumer hears, reads every batch at once, and notes each breach of the port's rules. */
export class RecordingListener implements ConsumerListener {
  readonly assignments: (readonly AssignedPartition[])[] = [];
  readonly revocations: (readonly AssignedPartition[])[] = [];
  readonly losses: (readonly AssignedPartition[])[] = [];
  readonly batches: SeenBatch[] = [];
  readonly records: SeenRecord[] = [];
  readonly failures: KafkaRxError[] = [];
  /** What `caughtUp` told. */
  readonly ends: SeenEnd[] = [];
  /** There only where it is asked for: a driver spends nothing on it otherwise. */
  readonly caughtUp?: (partition: AssignedPartition, position: number) => void;
  /** How often what was withheld went on. */
  confirmations = 0;
  /** Sentences; must stay empty. */
  readonly breaches: string[] = [];
  /** What `revoking` awaits; at once by default. */
  onRevoking: (partitions: readonly AssignedPartition[]) => Promise<void> = async () => {};
  onBatch: (batch: FetchedBatch) => void = () => {};
  onAssigned: (partitions: readonly AssignedPartition[]) => void = () => {};
  readonly #calls: PortCalls;
  #epochs = new Map<string, number>();
  readonly #highest = new Map<string, number>();
  /** Partitions of which the end was told since a batch of them came. */
  readonly #ended = new Set<string>();
  #inListener = false;

  /** Whether the membership is sure, at this moment. */
  readonly #isConfirmed: () => boolean;

  /** @param hearsEnds whether it has `caughtUp` */
  constructor(calls: PortCalls, isConfirmed: () => boolean, hearsEnds = false) {
    this.#calls = calls;
    this.#isConfirmed = isConfirmed;
    if (hearsEnds) this.caughtUp = (partition, position) => this.#end(partition, position);
  }

  get assignment(): readonly AssignedPartition[] {
    return this.assignments.at(-1) ?? [];
  }

  /** Partitions of the assignment, such as `orders:0`, sorted. */
  get partitions(): string[] {
    return this.assignment.map(nameOf).sort();
  }

  epoch(partition: TopicPartition): number {
    const epoch = this.#epochs.get(nameOf(partition));
    if (epoch === undefined) throw new Error(`${nameOf(partition)} is not assigned`);
    return epoch;
  }

  nextOffset(partition: TopicPartition): number | undefined {
    return this.batches.filter(batch => nameOf(batch) === nameOf(partition)).at(-1)?.nextOffset;
  }

  offsets(partition: TopicPartition): number[] {
    return this.records.filter(record => nameOf(record) === nameOf(partition)).map(record => record.offset);
  }

  /** After `seek` or `rewind`, whose result only the caller has. */
  moved(partition: TopicPartition, epoch: number): void {
    this.#grow(partition, epoch);
    this.#epochs.set(nameOf(partition), epoch);
    this.#ended.delete(nameOf(partition));
  }

  /** After `resume`. */
  resumed(partition: TopicPartition): void {
    this.#ended.delete(nameOf(partition));
  }

  assigned(partitions: readonly AssignedPartition[]): void {
    this.#hear('assigned', () => {
      this.assignments.push(partitions);
      this.#epochs = new Map();
      this.#ended.clear();
      for (const partition of partitions) {
        this.#grow(partition, partition.epoch);
        this.#epochs.set(nameOf(partition), partition.epoch);
      }
      this.onAssigned(partitions);
    });
  }

  revoking(partitions: readonly AssignedPartition[]): Promise<void> {
    return this.#hear('revoking', () => {
      this.revocations.push(partitions);
      for (const partition of partitions) {
        if (this.#epochs.get(nameOf(partition)) !== partition.epoch)
          this.#breach('revoking of another epoch');
        this.#epochs.delete(nameOf(partition));
      }
      return this.onRevoking(partitions);
    });
  }

  lost(partitions: readonly AssignedPartition[]): void {
    this.#hear('lost', () => {
      this.losses.push(partitions);
      for (const partition of partitions) this.#epochs.delete(nameOf(partition));
    });
  }

  batch(batch: FetchedBatch): void {
    this.#hear('batch', () => {
      const { topic, partition, epoch, topicId, count, bytes, nextOffset, endOffset } = batch;
      const current = this.#epochs.get(nameOf(batch));
      if (current !== epoch)
        this.#breach(`a batch of epoch ${epoch} of ${nameOf(batch)} in epoch ${current}`);
      const others = this.batches.filter(one => nameOf(one) === nameOf(batch) && one.epoch === epoch);
      if (others.some(one => one.topicId !== topicId))
        this.#breach(`two topics in one epoch of ${nameOf(batch)}`);
      if (!this.#isConfirmed()) this.#breach('a batch while the membership was not sure');
      this.#ended.delete(nameOf(batch));
      this.onBatch(batch);
      let handedOut = 0;
      let before = -1;
      for (let record = batch.next(); record !== undefined; record = batch.next()) {
        if (record.offset <= before || record.offset >= nextOffset) this.#breach('records out of order');
        before = record.offset;
        handedOut++;
        this.records.push({ topic, partition, epoch, ...record });
      }
      if (handedOut !== count) this.#breach(`${handedOut} records handed out of ${count}`);
      if (nextOffset > endOffset) this.#breach('nextOffset behind endOffset');
      this.batches.push({ topic, partition, epoch, topicId, count, bytes, nextOffset, endOffset });
    });
  }

  confirmed(): void {
    this.#hear('confirmed', () => {
      this.confirmations++;
      if (!this.#isConfirmed()) this.#breach('confirmed, and already over');
    });
  }

  failed(error: KafkaRxError): void {
    this.#hear('failed', () => this.failures.push(error));
  }

  #end(partition: AssignedPartition, position: number): void {
    this.#hear('caughtUp', () => {
      const name = nameOf(partition);
      const current = this.#epochs.get(name);
      if (current !== partition.epoch)
        this.#breach(`the end of epoch ${partition.epoch} of ${name} in epoch ${current}`);
      if (this.#ended.has(name)) this.#breach(`the end of ${name} twice`);
      this.#ended.add(name);
      const last = this.batches
        .filter(batch => nameOf(batch) === name && batch.epoch === partition.epoch)
        .at(-1);
      if (last !== undefined && last.nextOffset !== position)
        this.#breach(`the end of ${name} at ${position}, and not at ${last.nextOffset}`);
      this.ends.push({ ...partition, position });
    });
  }

  #grow(partition: TopicPartition, epoch: number): void {
    const highest = this.#highest.get(nameOf(partition)) ?? Number.NEGATIVE_INFINITY;
    if (epoch <= highest) this.#breach(`epoch ${epoch} of ${nameOf(partition)} after ${highest}`);
    this.#highest.set(nameOf(partition), epoch);
  }

  #hear<T>(what: string, then: () => T): T {
    if (this.#calls.inside) this.#breach(`${what} inside a call into the port`);
    if (this.#inListener) this.#breach(`${what} inside another call of the listener`);
    this.#inListener = true;
    try {
      return then();
    } finally {
      this.#inListener = false;
    }
  }

  #breach(sentence: string): void {
    this.breaches.push(sentence);
  }
}
