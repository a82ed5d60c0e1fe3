import type {
  AssignedPartition,
  DriverConsumer,
  OffsetCommit,
  Standstill,
  TopicPartition,
} from '../drivers/port.js';
import type { CommitTarget } from '../flow/commit/commit-cycle.js';

/**
 * The app's place in its group. What is made before the app runs (source, commit) holds this; the driver's consumer comes with
 * `joins`. Until then nothing is fetched, so that there is nothing to pause and nothing to commit.
 */
export class GroupMember implements CommitTarget {
  #consumer: DriverConsumer | undefined;
  #target: CommitTarget | undefined;

  /** @param target where its commits go: the consumer, or what notes them in stores first */
  joins(consumer: DriverConsumer, target: CommitTarget): void {
    this.#consumer = consumer;
    this.#target = target;
  }

  /** @see DriverConsumer.confirmedUntil */
  get confirmedUntil(): number {
    return this.#consumer?.confirmedUntil ?? 0;
  }

  /** It is told of the ends of partitions, where it asks to be. */
  get hearsEnds(): boolean {
    return this.#consumer?.tellsNoEnds !== true;
  }

  /** @see DriverConsumer.standstills */
  get standstills(): readonly Standstill[] {
    return this.#consumer?.standstills?.() ?? [];
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#consumer?.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#consumer?.resume(partitions);
  }

  /** @see DriverConsumer.rewind */
  rewind(partitions: readonly TopicPartition[]): readonly AssignedPartition[] {
    return this.#consumer?.rewind(partitions) ?? [];
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    await this.#target?.commit(offsets);
  }

  async leave(): Promise<void> {
    await this.#consumer?.stop();
  }
}
