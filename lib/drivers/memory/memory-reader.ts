import type { Clock, Timer } from '../../base/clock.js';
import { KafkaRxError } from '../../errors/errors.js';
import { Lineage } from '../lineage.js';
import type { PartitionReader, ReadBatch, ReaderOptions } from '../port.js';
import { anotherTopic, calledTwice, outsideTheLog, truncatedLog } from '../reader-errors.js';
import { type Cluster, missingTopic } from './cluster.js';
import { LogBatch } from './log-batch.js';
import type { LogSlice, PartitionLog } from './partition-log.js';

/** How long a call waits for more behind the end, as a fetch does. */
const waitMs = 500;

/** One call of `next` that is under way. */
interface Call {
  resolve(batch: ReadBatch | undefined): void;
  reject(error: KafkaRxError): void;
  /** While it waits for more. */
  timer?: Timer;
  unwatch?: () => void;
}

/** A reader of the embedded broker outside of its groups: an answer for each call, in a deferred turn. */
export class MemoryReader implements PartitionReader {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #options: ReaderOptions;
  readonly #lineage = new Lineage();
  #position: number;
  #topicId: string | undefined;
  #call: Call | undefined;
  /** Whether the caller knows that nothing is there. */
  #atEnd = false;
  #closed = false;

  constructor(cluster: Cluster, options: ReaderOptions) {
    this.#cluster = cluster;
    this.#clock = cluster.clock;
    this.#options = options;
    this.#position = options.from;
    this.#topicId = options.topicId;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  next(): Promise<ReadBatch | undefined> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#call !== undefined) return Promise.reject(calledTwice(this.#at));
    return new Promise((resolve, reject) => {
      const call: Call = { resolve, reject };
      this.#call = call;
      this.#answerSoon(call);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#end()?.reject(closed());
  }

  get #at() {
    const { topic, partition } = this.#options;
    return { topic, partition, offset: this.#position };
  }

  /** @param mayWait false: the wait is over */
  #answerSoon(call: Call, mayWait = true): void {
    this.#clock.defer(() => {
      if (this.#call === call) this.#answer(call, mayWait);
    }, 'fetch');
  }

  #answer(call: Call, mayWait: boolean): void {
    const log = this.#log();
    if (log instanceof KafkaRxError) this.#end()?.reject(log);
    else if (this.#position < log.bound(this.#options.readCommitted)) this.#end()?.resolve(this.#read(log));
    else if (this.#atEnd && mayWait) this.#wait(call, log);
    else {
      this.#atEnd = true;
      this.#end()?.resolve(undefined);
    }
  }

  /** The log as it is read on from the position, or why it is not. */
  #log(): PartitionLog | KafkaRxError {
    const { topic, partition } = this.#options;
    const { outage } = this.#cluster;
    if (outage !== undefined) return outage;
    const log = this.#cluster.find({ topic, partition });
    const topicId = this.#cluster.topicId(topic);
    if (log === undefined || topicId === undefined) return missingTopic([`${topic}-${partition}`]);
    this.#topicId ??= topicId;
    if (this.#topicId !== topicId) return anotherTopic(this.#at);
    const bounds = { start: log.startOffset, end: log.endOffset };
    const epoch = this.#lineage.before(this.#position);
    const diverging = epoch === undefined ? undefined : log.divergence(epoch, this.#position);
    const to = diverging && this.#lineage.commonWith(diverging, this.#position);
    if (to !== undefined && to < this.#position) return truncatedLog(this.#at, to, bounds);
    return this.#position < bounds.start || this.#position > bounds.end
      ? outsideTheLog(this.#at, bounds)
      : log;
  }

  #read(log: PartitionLog): ReadBatch {
    const { topic, partition, readCommitted, maxBytes } = this.#options;
    const slice = log.read(this.#position, readCommitted, {
      maxRecords: Number.POSITIVE_INFINITY,
      maxBytes,
    });
    this.#lineage.read(slice.epochs);
    this.#position = slice.nextOffset;
    this.#atEnd = false;
    const at = { topic, partition, topicId: this.#topicId ?? '' };
    return new MemoryReadBatch(at, slice, readCommitted, log.startOffset);
  }

  #wait(call: Call, log: PartitionLog): void {
    if (call.timer !== undefined) return;
    call.timer = this.#clock.schedule(() => this.#answerSoon(call, false), waitMs);
    call.unwatch = log.watch(() => this.#answerSoon(call));
  }

  /** The call comes to its end. */
  #end(): Call | undefined {
    const call = this.#call;
    this.#call = undefined;
    call?.timer?.cancel();
    call?.unwatch?.();
    return call;
  }
}

class MemoryReadBatch extends LogBatch implements ReadBatch {
  readonly startOffset: number;

  constructor(
    at: Pick<ReadBatch, 'topic' | 'partition' | 'topicId'>,
    slice: LogSlice,
    readCommitted: boolean,
    startOffset: number,
  ) {
    super({ ...at, epoch: 0 }, slice, readCommitted); // epochs are a member's
    this.startOffset = startOffset;
  }
}

function closed(): KafkaRxError {
  return new KafkaRxError('CLOSED', 'The reader was closed', { remedy: 'Make a new one.' });
}
