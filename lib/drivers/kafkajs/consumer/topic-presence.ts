import type { DriverContext, TopicDescription } from '../../port.js';
import type { Assignment, PartitionState } from './assignment.js';

export interface PresenceContext {
  readonly driver: DriverContext;
  readonly assignment: Assignment;
  readonly subscribed: () => readonly string[];
  /** Those of these topics that exist. */
  readonly topics: (names: readonly string[]) => Promise<readonly TopicDescription[]>;
  /** The name of this partition's topic is another topic's now. */
  readonly madeAnew: (state: PartitionState) => void;
  /** An assigned partition does not exist any more, though its topic does: the group has to share out anew. */
  readonly fewerPartitions: () => void;
}

/** Between two looks for topics that are gone, milliseconds. */
const againMs = 1_000;

/**
 * Whether the topics of the assignment are still there, and still the same ones. Nobody tells: a broker that does not know a
 * partition may have stopped leading it, or the topic was deleted, and perhaps made anew. So each topic that a broker did not know is
 * looked up by name, and its id compared.
 */
export class TopicPresence {
  readonly #context: PresenceContext;
  /** Topics that a broker did not know for a moment. */
  readonly #suspects = new Set<string>();
  /** Of topics that are gone: how many partitions there are instead, 0 for none. */
  readonly #gone = new Map<string, number>();
  #checking: Promise<void> | undefined;
  #notBefore = 0;

  constructor(context: PresenceContext) {
    this.#context = context;
  }

  suspect(topic: string): void {
    this.#suspects.add(topic);
  }

  /** Whether `check` has anything to look for. */
  get hasSuspects(): boolean {
    return this.#suspects.size > 0;
  }

  /** Whether there is nothing to be fetched of it now. */
  isGone({ topic, partition }: PartitionState): boolean {
    const partitions = this.#gone.get(topic);
    return partitions !== undefined && partition >= partitions;
  }

  /** Another subscription may be done with what is gone. */
  assigned(): void {
    const subscribed = this.#context.subscribed();
    for (const topic of this.#suspects) if (!subscribed.includes(topic)) this.#acquit(topic);
  }

  /**
   * Looks these topics up before anything more is fetched of them: whoever was cut off may have missed that one was made anew, and a
   * fetch by name would go on in the new one.
   */
  async confirm(topics: ReadonlySet<string>): Promise<void> {
    if (topics.size > 0) await this.#look([...topics]);
  }

  /** Looks for the suspects, once a second at most while some are gone. Fetches of several brokers share a look. */
  async check(): Promise<void> {
    if (this.#suspects.size === 0) return;
    if (this.#gone.size > 0 && this.#context.driver.clock.elapsed() < this.#notBefore) return;
    this.#checking ??= this.#look([...this.#suspects]).finally(() => {
      this.#checking = undefined;
    });
    await this.#checking;
  }

  async #look(names: readonly string[]): Promise<void> {
    const { driver, assignment } = this.#context;
    const subscribed = this.#context.subscribed();
    const topics = await this.#context.topics(names);
    this.#notBefore = driver.clock.elapsed() + againMs;
    for (const name of names) {
      const found = topics.find(topic => topic.name === name);
      const states = [...assignment.states()].filter(({ topic }) => topic === name);
      if (!subscribed.includes(name)) this.#acquit(name);
      else if (found === undefined) {
        this.#suspects.add(name);
        this.#tellGone(name, 0);
      } else this.#compare(name, states, found);
    }
  }

  #compare(name: string, states: readonly PartitionState[], { id, partitions }: TopicDescription): void {
    const { madeAnew, fewerPartitions } = this.#context;
    for (const state of states) {
      if (state.topicId !== undefined && state.topicId !== id) madeAnew(state);
    }
    if (states.every(({ partition }) => partition < partitions)) {
      this.#acquit(name);
      return;
    }
    const before = this.#gone.get(name);
    this.#suspects.add(name);
    this.#tellGone(name, partitions);
    if (before !== partitions) fewerPartitions();
  }

  #tellGone(topic: string, partitions: number): void {
    const known = this.#gone.has(topic);
    this.#gone.set(topic, partitions);
    if (known) return;
    this.#context.driver.logger.warn(
      { topic },
      'a topic of the subscription, or some of its partitions, do not exist any more',
    );
    this.#context.driver.event({ type: 'topic-gone', topic });
  }

  #acquit(topic: string): void {
    this.#suspects.delete(topic);
    if (this.#gone.delete(topic)) this.#context.driver.event({ type: 'topic-back', topic });
  }
}
