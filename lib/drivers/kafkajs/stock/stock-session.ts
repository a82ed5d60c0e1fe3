import type { Consumer, EachBatchPayload, Offsets } from 'kafkajs';
import { within } from '../../../base/clock.js';
import { KafkaRxError } from '../../../errors/errors.js';
import type { AssignedPartition, ConsumerOptions, DriverContext, TopicPartition } from '../../port.js';
import { createKafka } from '../cluster/client.js';
import { offsetOf } from '../cluster/cluster-queries.js';
import { consumerConfig, partitionsOf } from '../consumer/consumer-config.js';
import type { ClientSession, SessionEvents } from '../consumer/consumer-sessions.js';
import { type CommitTurn, commitsByTopic, type TopicCommit } from '../consumer/offset-committer.js';
import { stickyAssigner } from '../consumer/sticky-assigner.js';
import { kindOf } from '../errors.js';
import type { Settings } from '../options.js';

export interface StockSessionContext extends SessionEvents {
  readonly driver: DriverContext;
  readonly settings: Settings;
  readonly options: ConsumerOptions;
  readonly topics: readonly string[];
  /** Called before the first join of the session. */
  readonly joining: () => Promise<void>;
  /** What this member had last. */
  readonly owned: () => readonly AssignedPartition[];
  /** Holds kafkajs for as long as it is pending; a rejection is kafkajs's own error. */
  readonly batch: (payload: EachBatchPayload) => Promise<void>;
  /** Everything below `nextOffset` was passed over: control records, aborted ones. */
  readonly passed: (partition: TopicPartition, nextOffset: number, endOffset: number) => void;
  /** kafkajs is about to join again, and waits for nobody. */
  readonly rebalancing: () => void;
}

const closeBoundMs = 3_000;
/** Handlers that may be open at once. kafkajs's default, one, would hold the other partitions behind the first. */
const concurrency = 1_000;

/** One kafkajs consumer, used by its public API alone. Closing it leaves the group. */
export class StockSession implements ClientSession {
  readonly #context: StockSessionContext;
  readonly #consumer: Consumer;
  #open = true;
  #running: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #commit: ((offsets: Offsets) => Promise<void>) | undefined;

  constructor(context: StockSessionContext) {
    this.#context = context;
    const { driver, settings, options, owned } = context;
    const assigner = stickyAssigner(() => ({ owned: owned(), coPartitioned: options.coPartitioned }));
    const consumer = createKafka(settings, driver).consumer(consumerConfig(settings, options, assigner));
    this.#consumer = consumer;
    const { GROUP_JOIN, REBALANCING, END_BATCH_PROCESS, CRASH } = consumer.events;
    // kafkajs calls listeners within `emit`, so that this one runs before the first fetch.
    consumer.on(GROUP_JOIN, ({ payload }) => {
      if (this.#open) context.joined(partitionsOf(payload.memberAssignment));
    });
    consumer.on(REBALANCING, () => {
      if (this.#open) context.rebalancing();
    });
    // kafkajs gives no batch to the handler that holds nothing but what it filters out.
    consumer.on(
      END_BATCH_PROCESS,
      ({ payload: { topic, partition, batchSize, lastOffset, highWatermark } }) => {
        if (!this.#open || batchSize > 0) return;
        context.passed({ topic, partition }, offsetOf(lastOffset) + 1, offsetOf(highWatermark));
      },
    );
    consumer.on(CRASH, ({ payload }) => this.#end(payload.error));
  }

  run(): Promise<void> {
    this.#running = this.#run();
    return this.#running;
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#quietly(() => this.#consumer.pause(byTopic(partitions)));
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#quietly(() => this.#consumer.resume(byTopic(partitions)));
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    this.#quietly(() => this.#consumer.seek({ topic, partition, offset: String(offset) }));
  }

  /**
   * A commit's way: the one that kafkajs gives to the handler, which sends at once and under the generation of now.
   * `commitOffsets` tries again by itself, perhaps under the next generation; it serves before the first batch.
   */
  async openCommit(): Promise<CommitTurn> {
    // Before the runner runs, `commitOffsets` resolves without having sent anything.
    await this.#running;
    if (!this.#open) throw new KafkaRxError('DRIVER', 'No session', { retriable: true });
    const send: CommitTurn['send'] = offsets => {
      const topics = commitsByTopic(offsets);
      return this.#commit === undefined
        ? this.#consumer.commitOffsets(flat(topics))
        : this.#commit({ topics });
    };
    // kafkajs hears the same from its next heartbeat.
    return { send, failed: () => {} };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #run(): Promise<void> {
    const { topics, settings, batch, joining } = this.#context;
    try {
      await this.#consumer.connect();
      await joining();
      await this.#consumer.subscribe({
        topics: [...topics],
        fromBeginning: settings.offsetReset !== 'latest',
      });
      if (this.#open) {
        await this.#consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: concurrency,
          eachBatch: payload => {
            this.#commit = offsets => payload.commitOffsetsIfNecessary(offsets);
            return this.#open ? batch(payload) : Promise.resolve();
          },
        });
      }
      // Closed while it joined: what kafkajs stopped then was not running yet.
      if (!this.#open) await this.#consumer.disconnect();
    } catch (error) {
      this.#end(error);
    }
  }

  async #close(): Promise<void> {
    this.#open = false;
    const left = this.#consumer.disconnect().catch(() => {});
    await within(this.#context.driver.clock, left, closeBoundMs);
  }

  #end(error: unknown): void {
    if (!this.#open) return;
    // After a crash kafkajs has disconnected already; before `run` it has not.
    void this.close();
    this.#context.ended(error);
  }

  /** Between a crash and its event kafkajs has no group, and throws. */
  #quietly(call: () => void): void {
    try {
      call();
    } catch (error) {
      // The session is at its end; the next one begins with another assignment.
      this.#context.driver.logger.info({ reason: kindOf(error) }, 'kafkajs did not take an order');
    }
  }
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }));
}

function flat(topics: readonly TopicCommit[]): { topic: string; partition: number; offset: string }[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map(entry => ({ topic, ...entry })));
}
