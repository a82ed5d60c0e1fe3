import type { Clock } from '../../base/clock.js';
import type { MemoryBroker } from '../../drivers/memory/index.js';
import type { TopicPartition } from '../../drivers/port.js';
import type { LaterTopic, SimulatedInput, WrittenInput } from './simulation-parts.js';

/** Writes the inputs when their time has come, and knows what became of each. */
export class Workload {
  /** In order. */
  readonly written: WrittenInput[] = [];
  readonly topics: readonly string[];
  readonly #inputs: readonly SimulatedInput[];
  readonly #broker: MemoryBroker;
  readonly #clock: Clock;
  readonly #groupId: string;
  /** Partitions of the topics, by the ids of these, and those of them that came when the group had committed something. */
  readonly #known = new Set<string>();
  readonly #young = new Set<string>();
  readonly #ids = new Set<string>();
  #published = 0;

  constructor(inputs: readonly SimulatedInput[], broker: MemoryBroker, clock: Clock, groupId: string) {
    this.#inputs = inputs;
    this.#broker = broker;
    this.#clock = clock;
    this.#groupId = groupId;
    this.topics = [...new Set(inputs.map(({ topic }) => topic))];
  }

  get isThrough(): boolean {
    return this.#published === this.#inputs.length;
  }

  /** @param later topics that are not there from the beginning */
  begin(later: readonly LaterTopic[]): void {
    this.topicsChanged();
    for (const { topic, partitions, atMs } of later) {
      this.#clock.schedule(() => {
        this.#broker.createTopic(topic, partitions);
        this.topicsChanged();
      }, atMs);
    }
    for (const input of this.#inputs) this.#clock.schedule(() => this.#publish(input), input.atMs ?? 0);
  }

  /** Topics or partitions have come or gone. */
  topicsChanged(): void {
    const group = [...this.#broker.cluster.groups].find(({ id }) => id === this.#groupId);
    const isOld = group?.hasCommitted === true;
    // With the last offset the group is a new one, to which everything was there before.
    if (!isOld) this.#young.clear();
    for (const { name, id, partitions } of this.#broker.cluster.describe()) {
      if (!this.topics.includes(name)) continue;
      this.#ids.add(id);
      for (let partition = 0; partition < partitions; partition++) {
        const key = `${id}/${partition}`;
        if (isOld && !this.#known.has(key)) this.#young.add(key);
        this.#known.add(key);
      }
    }
  }

  /** Whether a topic of the workload has, or had, this id. */
  isInput(topicId: string): boolean {
    return this.#ids.has(topicId);
  }

  /** Whether its partition is younger than the group, which so must read it from its first record on. */
  isYoung({ topicId, partition }: Pick<WrittenInput, 'topicId' | 'partition'>): boolean {
    return this.#young.has(`${topicId}/${partition}`);
  }

  /** Empty where there is none. */
  topicId(topic: string): string {
    return this.#broker.cluster.topicId(topic) ?? '';
  }

  /** The topic is about to be made anew. */
  recreating(topic: string): void {
    this.#goneOf(topic, () => true);
  }

  /** Retention, or compaction, is about to delete what is from one offset to another (exclusive). */
  deleting({ topic, partition }: TopicPartition, from: number, to: number): void {
    this.#goneOf(topic, one => one.partition === partition && one.offset >= from && one.offset < to);
  }

  /** As any producer does: again in a while where there is no such topic, or nobody to write to. */
  #publish(input: SimulatedInput): void {
    const { topic, key, value, partition, timestamp } = input;
    const count = this.#broker.cluster.partitionCount(topic);
    if (count === 0) {
      this.#clock.schedule(() => this.#publish(input), 100);
      return;
    }
    this.#published++;
    const at = partition === undefined ? {} : { partition: partition % count };
    const [placed] = this.#broker.publish(topic, [{ key, value, timestamp, ...at }]);
    const topicId = this.topicId(topic);
    if (placed !== undefined) this.written.push({ input, topicId, ...placed, gone: false });
  }

  #goneOf(topic: string, which: (one: WrittenInput) => boolean): void {
    const id = this.topicId(topic);
    for (const one of this.written) if (one.topicId === id && which(one)) one.gone = true;
  }
}
