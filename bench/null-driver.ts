import { systemClock } from '../lib/base/clock.js';
import type {
  ConsumerListener,
  Driver,
  DriverConnection,
  DriverConsumer,
  DriverProducer,
  TopicDescription,
} from '../lib/drivers/port.js';
import type { NullLog } from './null-log.js';
import type { NullProducer } from './null-producer.js';

export interface NullDriverOptions {
  /** The topic that is read, with one log for each partition. */
  readonly topic: string;
  readonly logs: readonly NullLog[];
  /** Topics that are written. */
  readonly outputs: readonly string[];
  readonly producer: NullProducer;
  /** Called once, after the last record of all partitions was handed out. */
  readonly exhausted: () => void;
}

/**
 * A Kafka client without Kafka: batches come out of memory as soon as they are wanted, what is appended is acknowledged in
 * the next turn, a commit is confirmed at once. What is left is the cost of the library.
 */
export class NullDriver implements Driver {
  readonly name = 'null';
  readonly #options: NullDriverOptions;
  /** The offset committed last, by partition. */
  readonly committed: number[] = [];

  constructor(options: NullDriverOptions) {
    this.#options = options;
  }

  async connect(): Promise<DriverConnection> {
    const { topic, logs, outputs, producer } = this.#options;
    const topics: readonly TopicDescription[] = [topic, ...outputs].map(name => ({
      name,
      id: name,
      partitions: logs.length,
      internal: false,
    }));
    return {
      clusterId: 'null',
      topics: async () => topics,
      consumer: (_options, listener) => this.#consumer(listener),
      producer: (): DriverProducer => producer,
      admin: {
        createTopics: async () => {},
        deleteTopics: async () => {},
        deleteRecords: async () => {},
        offsets: async () => logs.map(() => 0),
        committed: async () => logs.map((_, partition) => this.committed[partition] ?? -1),
        commits: async () =>
          logs.map((_, partition) => ({ offset: this.committed[partition] ?? -1, metadata: '' })),
        resetOffsets: async () => {},
      },
      close: async () => {},
    };
  }

  #consumer(listener: ConsumerListener): DriverConsumer {
    const { topic, logs, exhausted } = this.#options;
    /** Partitions that have a batch to give and are not paused: with a thousand, looking at all of them would be what is measured. */
    const ready = new Set<number>(logs.keys());
    let unfetched = logs.filter(log => !log.fetched).length;
    let exhaustedLogs = 0;
    let stopped = false;
    let feeding = false;
    let told = false;
    const feed = (): void => {
      feeding = false;
      if (stopped || told) return;
      // Round by round: a batch that fills a partition pauses it, and takes it out of the set, before its next turn.
      while (ready.size > 0) {
        for (const partition of [...ready]) {
          const log = logs[partition];
          const batch = ready.has(partition) ? log?.nextBatch(topic, partition) : undefined;
          if (log?.fetched) ready.delete(partition);
          if (batch === undefined) continue;
          if (log?.fetched) unfetched--;
          listener.batch(batch);
        }
      }
      if (unfetched > 0) return;
      while (logs[exhaustedLogs]?.exhausted) exhaustedLogs++;
      if (exhaustedLogs === logs.length) {
        told = true;
        exhausted();
      } else {
        // All is fetched and some of it not handed out yet: look again.
        later();
      }
    };
    const later = (): void => {
      if (feeding) return;
      feeding = true;
      systemClock.defer(feed);
    };
    return {
      confirmedUntil: Number.POSITIVE_INFINITY,
      start: async () => {
        listener.assigned(logs.map((_, partition) => ({ topic, partition, epoch: 1 })));
        later();
      },
      subscribe: async () => {},
      pause: partitions => {
        for (const { partition } of partitions) ready.delete(partition);
      },
      resume: partitions => {
        for (const { partition } of partitions) {
          if (logs[partition]?.fetched === false) ready.add(partition);
        }
        later();
      },
      seek() {
        throw new Error('the null driver does not seek');
      },
      rewind() {
        throw new Error('the null driver does not rewind');
      },
      commit: async offsets => {
        for (const { partition, offset } of offsets) this.committed[partition] = offset;
      },
      stop: async () => {
        stopped = true;
      },
    };
  }
}
