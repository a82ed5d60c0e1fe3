import { clusterOf } from '../../../lib/drivers/kafkajs/internals/cluster.js';
import { bounded, quietKafka } from '../quiet-kafka.js';
import { type AbortedTransaction, committedRecords, type FetchedRecord } from './committed-records.js';
import type { Standing } from './evidence.js';

/** What one fetch brought of one partition. */
export interface Look {
  readonly topic: string;
  readonly partition: number;
  /** When the answer was here, ms. */
  readonly atMs: number;
  readonly records: readonly FetchedRecord[];
  /** Everything below was read. */
  readonly position: number;
  /** The end of what this reader may have now. */
  readonly end: number;
  readonly highWatermark: number;
}

/** One look at all partitions. */
export interface Looks {
  readonly all: readonly Look[];
  /** Every partition answered, and there is no more to be read. */
  readonly atEnds: boolean;
}

/** Partitions of a topic that one broker leads. */
interface Led {
  readonly topic: string;
  readonly partitions: number[];
}

/** kafkajs's src/broker, as far as it is used here. */
interface FetchingBroker {
  fetch(request: {
    readonly isolationLevel: number;
    readonly maxWaitTime: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly FetchedPartition[];
    }[];
  }>;
}

interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly abortedTransactions:
    | readonly { readonly producerId: string; readonly firstOffset: string }[]
    | null;
  readonly messages: readonly {
    readonly offset: string;
    readonly timestamp: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: FetchedRecord['headers'];
    readonly isControlRecord: boolean;
    readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
  }[];
}

const answerMs = 10_000;
const waitMs = 200;
/** Partitions may be added. */
const metadataMaxAgeMs = 3_000;
const maxBytes = 4 << 20;

/**
 * Reads topics from their beginnings and goes on reading, without a group, by kafkajs's requests and decoders: not by code that
 * is judged. As a reader of committed records, or of everything.
 */
export class LogReader {
  readonly #topics: readonly string[];
  readonly #isolation: 'committed' | 'everything';
  readonly #cluster: ReturnType<typeof clusterOf>;
  /** The next offset, by `topic:partition`. */
  readonly #positions = new Map<string, number>();
  #connected = false;

  constructor(brokers: readonly string[], topics: readonly string[], isolation: 'committed' | 'everything') {
    this.#topics = topics;
    this.#isolation = isolation;
    this.#cluster = clusterOf(quietKafka(brokers, answerMs), metadataMaxAgeMs);
  }

  /** Where this reader is, by `topic:partition`. */
  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  /**
   * One look at every partition, at most 200 ms where nothing comes. A broker that does not answer leaves its partitions out: they
   * are looked at again next time.
   *
   * @throws when no broker tells who leads the topics
   */
  async look(): Promise<Looks> {
    const { leaders, partitions } = await this.#leaders(this.#topics);
    const looks = await Promise.all(
      [...leaders].map(async ([nodeId, led]) => {
        try {
          return await bounded(this.#fetch(nodeId, led), answerMs);
        } catch {
          this.#connected = false; // whoever leads now is asked for anew
          return [];
        }
      }),
    );
    const all = looks.flat();
    return { all, atEnds: all.length === partitions && all.every(({ position, end }) => position >= end) };
  }

  /** The ends of these topics' partitions, for both kinds of readers. @throws when a broker does not answer */
  async standings(topics: readonly string[]): Promise<readonly Standing[]> {
    const standings: Standing[] = [];
    for (const [nodeId, led] of (await this.#leaders(topics)).leaders) {
      const broker = await this.#cluster.findBroker({ nodeId });
      const ends = async (isolationLevel: number) => {
        const asked = led.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(partition => ({ partition, timestamp: -1 })),
        }));
        const { responses } = await broker.listOffsets({ isolationLevel, topics: asked });
        return new Map(
          responses.flatMap(({ topic, partitions }) =>
            partitions.map(({ partition, offset }) => [`${topic}:${partition}`, Number(offset)] as const),
          ),
        );
      };
      // In this order: what is written in between must not look as if it hung.
      const highWatermarks = await ends(0);
      const lastStables = await ends(1);
      for (const { topic, partitions } of led) {
        for (const partition of partitions) {
          const [highWatermark = -1, lastStable = -1] = [highWatermarks, lastStables].map(of =>
            of.get(`${topic}:${partition}`),
          );
          standings.push({
            topic,
            partition,
            lastStable: Math.min(lastStable, highWatermark),
            highWatermark,
          });
        }
      }
    }
    return standings;
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect().catch(() => {});
  }

  async #fetch(nodeId: number, led: readonly Led[]): Promise<readonly Look[]> {
    // kafkajs's Broker has it, by its src/broker/index.js; the driver's own view of it leaves the details out.
    const broker = (await this.#cluster.findBroker({ nodeId })) as unknown as FetchingBroker;
    const { responses } = await broker.fetch({
      isolationLevel: this.#isolation === 'committed' ? 1 : 0,
      maxWaitTime: waitMs,
      topics: led.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(partition => ({
          partition,
          fetchOffset: String(this.#positionOf(topic, partition)),
          maxBytes,
        })),
      })),
    });
    const atMs = Date.now();
    return responses.flatMap(({ topicName, partitions }) =>
      partitions.map(partition => this.#taken(topicName, partition, atMs)),
    );
  }

  #taken(topic: string, fetched: FetchedPartition, atMs: number): Look {
    const from = this.#positionOf(topic, fetched.partition);
    const all = fetched.messages
      .map(({ offset, timestamp, key, value, headers, isControlRecord, batchContext }) => ({
        ...{ offset: Number(offset), timestamp: Number(timestamp), key, value, headers },
        isControl: isControlRecord,
        ...{ producerId: batchContext.producerId, inTransaction: batchContext.inTransaction },
      }))
      // A batch comes whole, whatever of it was asked for.
      .filter(({ offset }) => offset >= from);
    const position = (all.at(-1)?.offset ?? from - 1) + 1;
    this.#positions.set(`${topic}:${fetched.partition}`, position);
    const committed = this.#isolation === 'committed';
    const aborted = (fetched.abortedTransactions ?? []).map(
      ({ producerId, firstOffset }): AbortedTransaction => ({ producerId, firstOffset: Number(firstOffset) }),
    );
    return {
      ...{ topic, partition: fetched.partition, atMs, position },
      records: committedRecords(all, committed ? aborted : []),
      end: Number(committed ? fetched.lastStableOffset : fetched.highWatermark),
      highWatermark: Number(fetched.highWatermark),
    };
  }

  #positionOf(topic: string, partition: number): number {
    return this.#positions.get(`${topic}:${partition}`) ?? 0;
  }

  async #leaders(topics: readonly string[]): Promise<{
    readonly leaders: ReadonlyMap<number, readonly Led[]>;
    /** How many there are, those without a leader included. */
    readonly partitions: number;
  }> {
    if (!this.#connected) {
      await bounded(this.#cluster.connect(), answerMs);
      await bounded(this.#cluster.addMultipleTargetTopics(topics), answerMs);
      await bounded(this.#cluster.refreshMetadata(), answerMs);
      this.#connected = true;
    } else {
      await bounded(this.#cluster.addMultipleTargetTopics(topics), answerMs);
      await bounded(this.#cluster.refreshMetadataIfNecessary(), answerMs);
    }
    const leaders = new Map<number, Led[]>();
    let count = 0;
    for (const topic of topics) {
      for (const { partitionId, leader } of this.#cluster.findTopicPartitionMetadata(topic)) {
        count++;
        const led = leaders.get(leader) ?? [];
        leaders.set(leader, led);
        const same = led.find(one => one.topic === topic);
        if (same === undefined) led.push({ topic, partitions: [partitionId] });
        else same.partitions.push(partitionId);
      }
    }
    leaders.delete(-1); // nobody leads them now
    return { leaders, partitions: count };
  }
}
