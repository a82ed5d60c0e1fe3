import type { DriverConnection, TopicDescription } from '../drivers/port.js';
import { originOf } from '../stores/origin.js';

/** Which incarnation of each source topic the app reads: the cluster's and the topic's own identity. */
export class Origins {
  readonly #byTopic = new Map<string, string>();
  readonly #partitions = new Map<string, number>();

  /** By name, until it is known. */
  of(topic: string): string {
    return this.#byTopic.get(topic) ?? topic;
  }

  /** Partitions of all topics that were looked up, as last heard. */
  get partitions(): number {
    return [...this.#partitions.values()].reduce((sum, count) => sum + count, 0);
  }

  note(topics: readonly TopicDescription[], connection: DriverConnection): void {
    for (const topic of topics) {
      this.#byTopic.set(topic.name, originOf(connection, topic));
      this.#partitions.set(topic.name, topic.partitions);
    }
  }

  /** Looks these up as they are now; the answer is undefined for one that does not exist. */
  async lookUp(
    names: readonly string[],
    connection: DriverConnection,
  ): Promise<(topic: string) => string | undefined> {
    const found = await connection.topics(names);
    this.note(found, connection);
    const known = new Set(found.map(({ name }) => name));
    return topic => (known.has(topic) ? this.#byTopic.get(topic) : undefined);
  }
}
