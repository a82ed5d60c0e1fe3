import { KafkaRxError } from '../../../errors/errors.js';
import { Lineage } from '../../lineage.js';
import type {
  DriverContext,
  PartitionOffset,
  PartitionReader,
  ReadBatch,
  ReaderOptions,
} from '../../port.js';
import { anotherTopic, calledTwice, outsideTheLog, truncatedLog } from '../../reader-errors.js';
import { backoffMs } from '../backoff.js';
import { readFetched } from '../consumer/read-fetched.js';
import { Sleepers } from '../consumer/sleepers.js';
import { closedError, fatalErrorOf, kindOf, missingTopics, passingError, reasonOf } from '../errors.js';
import { Interruption } from '../interruption.js';
import { errorType, passes } from '../protocol/error-codes.js';
import type { FetchedPartition } from '../protocol/fetch.js';
import { protocolError } from '../protocol/protocol-error.js';
import { KafkajsReadBatch } from './kafkajs-read-batch.js';
import type { ReaderCluster, ReadPosition } from './reader-cluster.js';

export interface ReaderContext {
  readonly driver: DriverContext;
  readonly cluster: ReaderCluster;
  /** Of one batch. */
  readonly maxDecompressedBytes: number;
}

/** Whom to ask, as last looked up. */
interface Place {
  readonly topicId: string;
  readonly leader: number;
  readonly leaderEpoch: number;
}

/** For how long one answer is tried for before whoever asked hears of it. */
const patienceMs = 30_000;
const backoffCapMs = 1_000;
/** For how long brokers have to say that a topic is none, or another: one that has just started may not have heard of it. */
const certainAfterMs = 1_000;

/** Reads one partition outside of a group: an answer is asked for while the one before is worked on. */
export class KafkajsReader implements PartitionReader {
  readonly #context: ReaderContext;
  readonly #options: ReaderOptions;
  readonly #lineage = new Lineage();
  readonly #interruption = new Interruption();
  readonly #sleepers: Sleepers;
  #position: number;
  #topicId: string | undefined;
  #place: Place | undefined;
  /** Since when the brokers say that there is no such topic. */
  #missingSince: number | undefined;
  /** What was asked for beforehand. */
  #ahead: Promise<ReadBatch | undefined> | undefined;
  /** Whether the caller knows that nothing is there: then a call waits for what comes. */
  #atEnd = false;
  #isAsked = false;
  /** Whether a try has failed, and none has succeeded since. */
  #isTroubled = false;
  #closed = false;

  constructor(context: ReaderContext, options: ReaderOptions) {
    this.#context = context;
    this.#options = options;
    this.#position = options.from;
    this.#topicId = options.topicId;
    this.#sleepers = new Sleepers(context.driver.clock);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  async next(): Promise<ReadBatch | undefined> {
    if (this.#closed) throw closedError('reader');
    if (this.#isAsked) throw calledTwice(this.#at);
    this.#isAsked = true;
    try {
      const batch = await this.#interruption.cut(this.#take());
      if (this.#closed) throw closedError('reader');
      this.#atEnd = batch === undefined;
      if (batch !== undefined) this.#askAhead();
      return batch;
    } finally {
      this.#isAsked = false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ahead = undefined;
    this.#interruption.happen();
    this.#sleepers.wake();
  }

  get #at(): PartitionOffset {
    const { topic, partition } = this.#options;
    return { topic, partition, offset: this.#position };
  }

  #askAhead(): void {
    const ahead = this.#read();
    this.#ahead = ahead;
    ahead.catch(() => {
      // It failed before anybody wanted it: whoever does asks anew.
      if (this.#ahead === ahead) this.#ahead = undefined;
    });
  }

  #take(): Promise<ReadBatch | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead ?? this.#read();
  }

  /** Tries for an answer until there is one, or no trying helps, or it takes too long. */
  async #read(): Promise<ReadBatch | undefined> {
    const { driver, cluster } = this.#context;
    const { clock, logger, event } = driver;
    const { topic, partition } = this.#options;
    const what = `reading of ${topic}-${partition}`;
    const until = clock.elapsed() + patienceMs;
    for (let attempt = 1; ; attempt++) {
      try {
        const batch = await this.#ask();
        if (this.#isTroubled) event({ type: 'retried', what });
        this.#isTroubled = false;
        return batch;
      } catch (error) {
        this.#place = undefined;
        if (this.#closed) throw closedError('reader');
        const fatal = fatalErrorOf(error);
        if (fatal !== undefined) throw fatal;
        const delayMs = backoffMs(attempt, backoffCapMs);
        if (clock.elapsed() + delayMs > until)
          throw passingError('UNREACHABLE', `No answer to the ${what}`, error);
        const reason = reasonOf(error);
        logger.info({ what, attempt, delayMs, reason }, 'will be retried');
        event({ type: 'retrying', what, attempt, delayMs, reason });
        this.#isTroubled = true;
        await cluster.refresh().catch(cause => {
          logger.debug({ reason: kindOf(cause) }, 'metadata could not be refreshed');
        });
        if (!this.#closed) await this.#sleepers.sleep(delayMs);
        if (this.#closed) throw closedError('reader');
      }
    }
  }

  async #ask(): Promise<ReadBatch | undefined> {
    const { cluster, maxDecompressedBytes } = this.#context;
    const { topic, partition } = this.#options;
    const position = await this.#readPosition();
    let fetched = await this.#checked(
      position,
      this.#atEnd ? cluster.await(position) : cluster.fetch(position),
    );
    // There may have been no room for it: alone it is sure.
    if (this.#atEnd && fetched.records.length === 0 && this.#position < this.#endOf(fetched))
      fetched = await this.#checked(position, cluster.fetch(position));
    if (fetched.records.length === 0) return undefined;
    const set = await readFetched(fetched, this.#at, maxDecompressedBytes);
    this.#position = set.nextOffset;
    const { topicId, leaderEpoch } = position;
    // As members do: no later leader than the one that was asked for.
    this.#lineage.read(set.epochs.filter(({ epoch }) => leaderEpoch < 0 || epoch <= leaderEpoch));
    return new KafkajsReadBatch({ topic, partition, topicId }, set, {
      startOffset: fetched.logStartOffset,
      // Brokers note where the log ends before they read it, and it may have grown in between.
      endOffset: Math.max(this.#endOf(fetched), set.nextOffset),
    });
  }

  async #readPosition(): Promise<ReadPosition & Place> {
    const { topic, partition, maxBytes, readCommitted } = this.#options;
    this.#place ??= await this.#lookUp();
    const offset = this.#position;
    const lastFetchedEpoch = this.#lineage.before(offset);
    return { ...this.#place, topic, partition, offset, lastFetchedEpoch, maxBytes, readCommitted };
  }

  async #lookUp(): Promise<Place> {
    const { topic, partition } = this.#options;
    const found = await this.#context.cluster.describe(topic);
    if (found !== undefined && found.errorCode !== 0)
      throw protocolError('the topic was not described', errorType(found.errorCode));
    if (found === undefined) throw this.#certain(missingTopics([topic]));
    if (this.#topicId !== undefined && this.#topicId !== found.id)
      throw this.#certain(anotherTopic(this.#at));
    if (partition >= found.partitions) throw this.#certain(missingTopics([`${topic}-${partition}`]));
    this.#missingSince = undefined;
    this.#topicId = found.id;
    const leader = found.leaders[partition] ?? -1;
    if (leader < 0) throw protocolError('the partition has no leader', 'LEADER_NOT_AVAILABLE');
    return { topicId: found.id, leader, leaderEpoch: found.leaderEpochs[partition] ?? -1 };
  }

  /** The error, or one that has it asked for again. */
  #certain(error: KafkaRxError): Error {
    const now = this.#context.driver.clock.elapsed();
    this.#missingSince ??= now;
    if (now - this.#missingSince >= certainAfterMs) return error;
    return protocolError('the topic is not known', 'UNKNOWN_TOPIC_OR_PARTITION');
  }

  /** An answer without records, or with those that follow the position. */
  async #checked(position: ReadPosition, asked: Promise<FetchedPartition>): Promise<FetchedPartition> {
    const fetched = await asked;
    const { cluster } = this.#context;
    const at = this.#at;
    const type = errorType(fetched.errorCode);
    if (type === 'OFFSET_OUT_OF_RANGE') {
      const bounds = await cluster.bounds(position.leader, at);
      if (at.offset < bounds.start || at.offset > bounds.end) throw outsideTheLog(at, bounds);
    }
    if (fetched.errorCode !== 0) throw this.#refusal(type);
    const { diverging } = fetched;
    if (diverging === undefined) return fetched;
    const to = this.#lineage.commonWith(diverging, at.offset);
    if (to < at.offset) throw truncatedLog(at, to, await cluster.bounds(position.leader, at));
    // The past differs, and nobody can tell from where on.
    this.#lineage.goOn(diverging.epoch);
    throw protocolError('the log has another past', 'UNKNOWN_LEADER_EPOCH');
  }

  #refusal(type: string): Error {
    const error = protocolError('nothing was fetched', type);
    if (passes(type) || type === 'OFFSET_OUT_OF_RANGE') return error;
    const remedy = 'Check that the user may read the topic.';
    return (
      fatalErrorOf(error) ??
      new KafkaRxError('DRIVER', `Kafka refuses the fetch: ${type}`, { at: this.#at, remedy })
    );
  }

  #endOf({ lastStableOffset, highWatermark }: FetchedPartition): number {
    return this.#options.readCommitted && lastStableOffset >= 0 ? lastStableOffset : highWatermark;
  }
}
