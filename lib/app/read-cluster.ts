import type { DriverConnection, TopicDescription } from '../drivers/port.js';
import { originOf } from '../stores/origin.js';

/** The cluster that the app reads from, and what of it, as last looked up. */
export class ReadCluster {
  #connection: DriverConnection | undefined;
  #topics: readonly string[] = [];

  connected(connection: DriverConnection): void {
    this.#connection = connection;
  }

  /** Replaces the subscription. @returns the names */
  subscribed(topics: readonly TopicDescription[]): readonly string[] {
    this.#topics = topics.map(({ name }) => name);
    return this.#topics;
  }

  /** What stores have of the topic with this id. */
  originOf(topicId: string): string {
    return originOf({ clusterId: this.#connection?.clusterId ?? '' }, { id: topicId });
  }

  /** Partitions of all topics of the subscription that exist, whoever has them. */
  async partitions(): Promise<number> {
    const existing = (await this.#connection?.topics(this.#topics)) ?? [];
    return existing.reduce((sum, { partitions }) => sum + partitions, 0);
  }
}
