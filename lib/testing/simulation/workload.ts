import type { Clock } from '../../base/clock.js';
import type { MemoryBroker } from '../../drivers/memory/index.js';
import type { SimulatedInput, WrittenInput } from './simulation-parts.js';

/** Writes the inputs when their time has come, and knows what became of each. */
export class Workload {
  /** In order. */
  readonly written: WrittenInput[] = [];
  readonly topics: readonly string[];
  readonly #inputs: readonly SimulatedInput[];
  readonly #broker: MemoryBroker;
  readonly #clock: Clock;
  #published = 0;

  constructor(inputs: readonly SimulatedInput[], broker: MemoryBroker, clock: Clock) {
    this.#inputs = inputs;
    this.#broker = broker;
    this.#clock = clock;
    this.topics = [...new Set(inputs.map(({ topic }) => topic))];
  }

  get isThrough(): boolean {
    return this.#published === this.#inputs.length;
  }

  begin(): void {
    for (const input of this.#inputs) this.#clock.schedule(() => this.#publish(input), input.atMs ?? 0);
  }

  /** Empty where there is none. */
  topicId(topic: string): string {
    return this.#broker.cluster.describe().find(({ name }) => name === topic)?.id ?? '';
  }

  /** The topic is about to be made anew. */
  recreating(topic: string): void {
    this.#goneOf(topic, () => true);
  }

  /** Retention is about to delete what is below an offset. */
  deleting(topic: string, partition: number, below: number): void {
    this.#goneOf(topic, one => one.partition === partition && one.offset < below);
  }

  /** As any producer does: again in a while where there is no such topic, or nobody to write to. */
  #publish(input: SimulatedInput): void {
    const { topic, key, value, partition } = input;
    const count = this.#broker.cluster.partitionCount(topic);
    if (count === 0) {
      this.#clock.schedule(() => this.#publish(input), 100);
      return;
    }
    this.#published++;
    const at = partition === undefined ? {} : { partition: partition % count };
    const [placed] = this.#broker.publish(topic, [{ key, value, ...at }]);
    const topicId = this.topicId(topic);
    if (placed !== undefined) this.written.push({ input, topicId, ...placed, gone: false });
  }

  #goneOf(topic: string, which: (one: WrittenInput) => boolean): void {
    const id = this.topicId(topic);
    for (const one of this.written) if (one.topicId === id && which(one)) one.gone = true;
  }
}
