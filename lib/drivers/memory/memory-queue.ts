import type { Timer } from '../../base/clock.js';
import { trueCopy } from '../../base/true-bytes.js';
import { isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { type Headers, noHeaders } from '../../record/headers.js';
import { checkAppend } from '../check-append.js';
import type {
  DriverEvent,
  OutputListener,
  ProducerOptions,
  ProducerOutput,
  TopicPartition,
} from '../port.js';
import { tell } from '../tell.js';
import type { Cluster } from './cluster.js';
import { type ListenerRun, ListenerRuns } from './listener-runs.js';
import { LogRecord } from './log-record.js';
import type { Transaction } from './transaction.js';

/** Between two attempts of one request. */
const retryDelayMs = 100;

/** What all queues of one producer share. */
export interface QueueContext {
  readonly cluster: Cluster;
  readonly options: ProducerOptions;
  readonly event: (event: DriverEvent) => void;
  /** Calls `queue.turn()` in the producer's next deferred turn. */
  enqueue(queue: MemoryQueue): void;
  /** The transaction that a request belongs to, or why nothing can be sent now. */
  transaction(): Transaction | KafkaRxError | undefined;
  buffered(bytes: number): void;
  answered(): void;
}

/** Records on their way together; deadlines count from the oldest `append`. */
interface Request {
  readonly records: readonly LogRecord[];
  readonly runs: readonly ListenerRun[];
  readonly since: number;
  attempt: number;
  /** Once the log has it. */
  baseOffset: number;
}

/**
 * One partition's way in for all outputs of a producer, which share its order: one request at a time, everything appended
 * meanwhile merged into the next.
 */
export class MemoryQueue {
  /** Counts of records, to tell a flush how far it is. */
  appended = 0;
  answered = 0;
  readonly #context: QueueContext;
  readonly #at: TopicPartition;
  #pending: LogRecord[] = [];
  /** Of the pending. */
  readonly #runs = new ListenerRuns();
  #pendingSince = 0;
  /** Records among the pending that are refused when their turn comes. */
  #tooLarge: Set<LogRecord> | undefined;
  #request: Request | undefined;
  /** Of the request that is retried, or acknowledged later. */
  #timer: Timer | undefined;
  #enqueued = false;
  #closed: KafkaRxError | undefined;

  constructor(context: QueueContext, at: TopicPartition) {
    this.#context = context;
    this.#at = at;
  }

  /** The way in for one listener. */
  output(listener: OutputListener): ProducerOutput {
    return {
      append: (key, value, headers, timestamp) => this.#append(listener, key, value, headers, timestamp),
    };
  }

  #append(
    listener: OutputListener,
    key: Buffer | null,
    value: Buffer | null,
    headers: Headers,
    timestamp: number,
  ): void {
    const read = checkAppend(this.#at, key, value, headers, timestamp);
    const record = copied(key, value, read, timestamp);
    const { cluster, options, buffered } = this.#context;
    if (record.bytes > options.maxRecordBytes) {
      this.#tooLarge ??= new Set();
      this.#tooLarge.add(record);
    }
    if (this.#pending.length === 0) this.#pendingSince = cluster.clock.elapsed();
    this.#pending.push(record);
    this.#runs.add(listener);
    this.appended++;
    buffered(record.bytes);
    // Behind a request on its way there is nothing to do: its end sends what is pending.
    if (this.#request === undefined || this.#closed !== undefined) this.#enqueue();
  }

  /** The producer's deferred turn: acknowledges what the log has, otherwise sends what is pending. */
  turn(): void {
    this.#enqueued = false;
    if (this.#closed !== undefined) this.#refuseAll(this.#closed);
    else if (this.#request === undefined) this.#send();
    else if (this.#request.baseOffset >= 0) this.#acknowledge(this.#request);
  }

  /** Refuses all that is pending, and what is still appended, in a deferred turn. */
  close(error: KafkaRxError): void {
    this.#closed ??= error;
    if (this.appended > this.answered) this.#enqueue();
  }

  /** Refuses what is pending, in a deferred turn, and goes on. */
  drop(error: KafkaRxError): void {
    if (this.appended > this.answered)
      this.#context.cluster.clock.defer(() => this.#refuseAll(error), 'produce');
  }

  #enqueue(): void {
    if (this.#enqueued) return;
    this.#enqueued = true;
    this.#context.enqueue(this);
  }

  #send(): void {
    const records = this.#take();
    const first = records[0];
    if (first === undefined) return;
    const runs = this.#pending.length === 0 ? this.#runs.takeAll() : this.#runs.take(records.length);
    this.#request = { records, runs, since: this.#pendingSince, attempt: 0, baseOffset: -1 };
    if (this.#tooLarge?.delete(first)) this.#refuse(this.#request, this.#tooLargeError(first));
    else this.#attempt(this.#request);
  }

  /** All that is pending up to a record that is too large, or that record alone: results keep the order. */
  #take(): readonly LogRecord[] {
    const pending = this.#pending;
    const tooLarge = this.#tooLarge;
    if (tooLarge === undefined || tooLarge.size === 0) {
      this.#pending = [];
      return pending;
    }
    const at = pending.findIndex(record => tooLarge.has(record));
    const count = at === -1 ? pending.length : Math.max(at, 1);
    this.#pending = pending.slice(count);
    return pending.slice(0, count);
  }

  #attempt(request: Request): void {
    const { cluster, transaction } = this.#context;
    const within = transaction();
    const failure = isKafkaRxError(within) ? within : cluster.produceFailure(this.#at);
    if (failure !== undefined) {
      if (failure.retriable) this.#retry(request, failure, () => this.#attempt(request));
      else this.#refuse(request, failure);
    } else if (!isKafkaRxError(within)) {
      const log = cluster.log(this.#at);
      request.baseOffset =
        within === undefined ? log.append(request.records) : within.append(log, request.records);
      this.#awaitAcknowledgement(request);
    }
  }

  /** Again in a while, at the deadline for the last time; behind it the records are refused. */
  #retry(request: Request, failure: KafkaRxError, again: () => void): void {
    const { cluster, event } = this.#context;
    const delayMs = Math.min(retryDelayMs, this.#leftMs(request));
    if (delayMs <= 0) {
      this.#refuse(request, this.#deadlineError(failure));
      return;
    }
    const { topic, partition } = this.#at;
    const what = `produce to ${topic}-${partition}`;
    event({ type: 'retrying', what, attempt: ++request.attempt, delayMs, reason: failure.message });
    this.#timer = cluster.clock.schedule(() => {
      if (this.#request === request && this.#closed === undefined) again();
    }, delayMs);
  }

  #awaitAcknowledgement(request: Request): void {
    const delayMs = this.#context.cluster.faults.acknowledgementDelayMs;
    if (delayMs <= 0) {
      this.#enqueue();
      return;
    }
    const leftMs = this.#leftMs(request);
    this.#timer = this.#context.cluster.clock.schedule(
      () => {
        if (this.#request !== request || this.#closed !== undefined) return;
        if (delayMs <= leftMs) this.#acknowledge(request);
        else this.#refuse(request, this.#deadlineError(undefined));
      },
      Math.min(delayMs, Math.max(leftMs, 0)),
    );
  }

  #acknowledge(request: Request): void {
    const { cluster } = this.#context;
    const { outage } = cluster;
    if (outage !== undefined) {
      // The answer got lost with the broker: the client asks again, the broker knows the request by its sequence.
      this.#retry(request, outage, () => this.#acknowledge(request));
      return;
    }
    this.#complete(request);
    let { baseOffset } = request;
    for (const { listener, count } of request.runs) {
      tell(cluster.clock, () => listener.acknowledged(count, baseOffset));
      baseOffset += count;
    }
    this.#context.answered();
  }

  #refuse(request: Request, error: KafkaRxError): void {
    this.#complete(request);
    for (const { listener, count } of request.runs) {
      tell(this.#context.cluster.clock, () => listener.refused(count, error));
    }
    this.#context.answered();
  }

  #refuseAll(error: KafkaRxError): void {
    const records = [...(this.#request?.records ?? []), ...this.#pending];
    if (records.length === 0) return;
    const runs = [...(this.#request?.runs ?? []), ...this.#runs.takeAll()];
    this.#pending = [];
    this.#tooLarge = undefined;
    this.#refuse({ records, runs, since: 0, attempt: 0, baseOffset: -1 }, error);
  }

  #complete({ records }: Request): void {
    this.#request = undefined;
    this.#timer?.cancel();
    this.answered += records.length;
    let bytes = 0;
    for (const record of records) bytes += record.bytes;
    this.#context.buffered(-bytes);
    if (this.#pending.length > 0) this.#enqueue();
  }

  #leftMs({ since }: Request): number {
    const { cluster, options } = this.#context;
    return since + options.deliveryTimeoutMs - cluster.clock.elapsed();
  }

  #tooLargeError({ bytes }: LogRecord): KafkaRxError {
    const { topic, partition } = this.#at;
    const { maxRecordBytes } = this.#context.options;
    return new KafkaRxError(
      'RECORD_TOO_LARGE',
      `A record of ${bytes} bytes for ${topic}[${partition}] is above the bound of ${maxRecordBytes}`,
      { remedy: 'Make it smaller, or raise producer.maxRecordBytes in createApp.' },
    );
  }

  #deadlineError(cause: KafkaRxError | undefined): KafkaRxError {
    const { topic, partition } = this.#at;
    const { deliveryTimeoutMs } = this.#context.options;
    return new KafkaRxError(
      'PRODUCE',
      `Records for ${topic}[${partition}] were not acknowledged within ${deliveryTimeoutMs} ms`,
      {
        remedy:
          'They may be in the topic all the same. Look at the broker, or raise producer.deliveryTimeoutMs in createApp.',
        cause,
        retriable: true,
      },
    );
  }
}

/** What is appended stays the caller's, as it does where it is written into a request: -0 is 0 there too. */
function copied(key: Buffer | null, value: Buffer | null, headers: Headers, timestamp: number): LogRecord {
  const own =
    headers.length === 0
      ? noHeaders
      : headers.map(header => ({ key: header.key, value: header.value && trueCopy(header.value) }));
  return new LogRecord(key && trueCopy(key), value && trueCopy(value), own, timestamp + 0);
}
