import type { DriverConnection, TopicDescription } from '../drivers/port.js';
import { originOf } from '../stores/origin.js';

/** Which incarnation of each source topic the app reads: the cluster's and the topic's own identity. */
export class Origins {
  readonly #byTopic = new Map<string, string>();

  /** By name, until it is known. */
  of(topic: string): string {
    return this.#byTopic.get(topic) ?? topic;
  }

  note(topics: readonly TopicDescription[], connection: DriverConnection): void {
    for (const topic of topics) this.#byTopic.set(topic.name, originOf(connection, topic));
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
