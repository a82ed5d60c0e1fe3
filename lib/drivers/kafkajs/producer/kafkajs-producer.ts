/**
 * The producer: adaptive batching in front of Produce requests.
 *
 * What is appended while a request is under way becomes the next one; each broker has one request at a time, each
 * partition one batch. A batch counts as written only when the response names its partition without an error; what
 * the response leaves out, or an error that passes, is sent again, with nothing newer of that partition before it.
 */
import { availableIn } from '../../../base/available-in.js';
import type { Timer } from '../../../base/clock.js';
import type { KafkaRxError } from '../../../errors/errors.js';
import type { Headers } from '../../../record/headers.js';
import { checkAppend, checkPartition } from '../../check-append.js';
import { Flushes } from '../../flushes.js';
import type {
  DriverContext,
  DriverProducer,
  OutputListener,
  ProducerOptions,
  ProducerOutput,
  TopicPartition,
} from '../../port.js';
import { closedError, fatalErrorOf } from '../errors.js';
import { payloadBytes, recordBytes } from '../protocol/record-batch-builder.js';
import { BatchOutcomes } from './batch-outcomes.js';
import { MetadataRefresh } from './metadata-refresh.js';
import { PartitionQueue, type QueuesShare } from './partition-queue.js';
import { refusedBatch, timedOut, tooLarge, unreachable } from './produce-errors.js';
import type { OutgoingBatch, ProduceTransport } from './produce-transport.js';
import { ProducerIdentities } from './producer-identities.js';
import { SpareSpace } from './spare-space.js';

export interface ProducerContext {
  readonly driver: DriverContext;
  readonly transport: ProduceTransport;
  readonly maxBatchBytes: number;
  readonly maxRequestBytes: number;
  /** Rejects with `MISSING_TOPIC` naming those that do not exist. */
  readonly requireTopics: (topics: readonly string[]) => Promise<void>;
}

export class KafkajsProducer implements DriverProducer {
  readonly #context: ProducerContext;
  readonly #options: ProducerOptions;
  readonly #queues = new Map<string, PartitionQueue>();
  /** Those with something to send or to wait for: of many partitions mostly few. */
  readonly #waiting = new Set<PartitionQueue>();
  readonly #shared: QueuesShare = { bytes: 0, spare: new SpareSpace() };
  /** Brokers with a request under way. */
  readonly #busy = new Set<number>();
  readonly #flushes = new Flushes<PartitionQueue>();
  #scheduled = false;
  /** The clock's time as of when the next pump was scheduled. */
  #now = 0;
  #wakeUp: Timer | undefined;
  readonly #identities: ProducerIdentities;
  readonly #outcomes: BatchOutcomes;
  readonly #metadata: MetadataRefresh;
  #closed: Promise<void> | undefined;
  #isClosed = false;
  /** Why no record is taken. */
  #shut: KafkaRxError | undefined;
  /** Why those that wait are given up. */
  #dropped: KafkaRxError | undefined;

  constructor(context: ProducerContext, options: ProducerOptions) {
    this.#context = context;
    const { transport, driver } = context;
    this.#identities = new ProducerIdentities(transport, driver.logger);
    this.#outcomes = new BatchOutcomes(driver);
    this.#metadata = new MetadataRefresh(transport, driver.logger);
    this.#options = options;
  }

  async prepare(topics: readonly string[]): Promise<void> {
    if (this.#closed !== undefined) throw closedError('producer');
    try {
      await this.#context.requireTopics(topics);
      await this.#context.transport.add(topics);
    } catch (error) {
      throw fatalErrorOf(error) ?? unreachable(error);
    }
  }

  partitionCount(topic: string): number {
    return this.#context.transport.partitionCount(topic);
  }

  available(topic: string): () => readonly number[] {
    return availableIn(this.#context.transport, topic);
  }

  output(partition: TopicPartition, listener: OutputListener): ProducerOutput {
    checkPartition(partition, this.partitionCount(partition.topic));
    const queue = this.#queueOf(partition);
    return {
      append: (key, value, headers, timestamp) =>
        this.#append(queue, listener, key, value, headers, timestamp),
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get bufferedBytes(): number {
    return this.#shared.bytes;
  }

  flush(): Promise<void> {
    return this.#flushes.answered(this.#waiting);
  }

  close(): Promise<void> {
    this.#shut = closedError('producer');
    this.#dropped = this.#shut;
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** From now on records are refused with this error, or taken where it is undefined. */
  refuseNew(error: KafkaRxError | undefined): void {
    if (this.#closed === undefined) this.#shut = error;
  }

  /** Refuses all that waits, and sends nothing again; resolves when what is under way was answered for. */
  async drop(error: KafkaRxError): Promise<void> {
    this.#dropped ??= error;
    this.#schedule();
    await this.flush();
    if (this.#closed === undefined) this.#dropped = undefined;
  }

  /** Whether batches were given up of which nobody knows whether they were written. */
  get hasLostSequences(): boolean {
    return [...this.#queues.values()].some(({ spent }) => spent !== undefined);
  }

  /** Goes on under a new identity of the transport's, from sequence 0 on. Nothing may be under way. */
  renumber(): void {
    this.#identities.forget();
    for (const queue of this.#queues.values()) queue.renumber();
  }

  async #close(): Promise<void> {
    this.#wakeUp?.cancel();
    // Refusals are calls of the listener, which no call into the port makes.
    await new Promise<void>(resolve => this.#context.driver.clock.defer(resolve));
    for (const queue of this.#waiting) this.#refuse(queue, queue.length, closedError('producer'));
    this.#waiting.clear();
    this.#flushes.check();
    this.#isClosed = true;
  }

  #append(
    queue: PartitionQueue,
    listener: OutputListener,
    key: Buffer | null,
    value: Buffer | null,
    given: Headers,
    timestamp: number,
  ): void {
    const headers = checkAppend(queue, key, value, given, timestamp);
    const payload = payloadBytes(key, value, headers);
    const refusal = this.#refusalOf(queue, payload);
    this.#schedule();
    if (queue.length === 0) this.#waiting.add(queue);
    if (refusal === undefined) {
      const bound = recordBytes(payload, headers.length);
      queue.append(listener, key, value, headers, timestamp, bound, this.#now);
    } else queue.appendRefused(listener, refusal, payload, this.#now);
  }

  #refusalOf({ topic, partition }: TopicPartition, bytes: number): KafkaRxError | undefined {
    if (this.#shut !== undefined) return this.#shut;
    const { maxRecordBytes } = this.#options;
    if (bytes <= maxRecordBytes) return undefined;
    return tooLarge(topic, partition, `${bytes} bytes, above the limit of ${maxRecordBytes}`);
  }

  #queueOf({ topic, partition }: TopicPartition): PartitionQueue {
    const key = nameOf({ topic, partition });
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue = new PartitionQueue(
      this.#context.driver.clock,
      { topic, partition },
      this.#context.maxBatchBytes,
      this.#shared,
    );
    this.#queues.set(key, queue);
    return queue;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // One look at the clock for all that is appended until then, whoever had it scheduled.
    this.#now = this.#context.driver.clock.elapsed();
    this.#context.driver.clock.defer(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** Sends whatever can be sent now, and arranges to come back when something else can. */
  #pump(): void {
    const now = this.#context.driver.clock.elapsed();
    const deadline = now - this.#options.deliveryTimeoutMs;
    const due = new Map<number, PartitionQueue[]>();
    let next = Number.POSITIVE_INFINITY;
    let leaderless = false;
    for (const queue of this.#waiting) {
      if (queue.inFlight > 0) continue;
      if (this.#dropped === undefined) this.#refuseHopeless(queue, deadline);
      else this.#refuse(queue, queue.length, this.#dropped);
      const { since } = queue;
      if (since === undefined) {
        this.#waiting.delete(queue);
        continue;
      }
      next = Math.min(next, since + this.#options.deliveryTimeoutMs);
      if (queue.notBefore > now) {
        next = Math.min(next, queue.notBefore);
        continue;
      }
      const leader = this.#context.transport.leader(queue);
      if (leader < 0 && queue.partition >= this.partitionCount(queue.topic)) {
        // Made anew with fewer partitions: nobody will ever lead it.
        this.#refuse(queue, queue.length, refusedBatch(queue, 'UNKNOWN_TOPIC_OR_PARTITION'));
        this.#waiting.delete(queue);
      } else if (leader < 0) {
        leaderless = true;
        this.#outcomes.putBack(queue, 'LEADER_NOT_AVAILABLE');
        next = Math.min(next, queue.notBefore);
      } else if (!this.#busy.has(leader)) {
        const ofLeader = due.get(leader);
        if (ofLeader === undefined) due.set(leader, [queue]);
        else ofLeader.push(queue);
      }
    }
    this.#flushes.check();
    // A listener may have closed it meanwhile: then what comes behind the refused record must not be written.
    if (this.#closed !== undefined) return;
    for (const [leader, queues] of due) void this.#send(leader, queues);
    if (leaderless) void this.#metadata.now().then(() => this.#schedule());
    this.#wakeUp?.cancel();
    if (next === Number.POSITIVE_INFINITY) return;
    this.#wakeUp = this.#context.driver.clock.schedule(() => this.#schedule(), Math.max(1, next - now));
  }

  async #send(leader: number, queues: readonly PartitionQueue[]): Promise<void> {
    const { transport, maxRequestBytes } = this.#context;
    const sent: PartitionQueue[] = [];
    const batches: OutgoingBatch[] = [];
    let bytes = 0;
    // Those that failed least come first, so that one which is always too slow cannot fill the request for ever.
    for (const queue of [...queues].sort((a, b) => a.failures - b.failures)) {
      bytes += queue.nextBytes ?? 0;
      if (sent.length > 0 && bytes > maxRequestBytes) break;
      const batch = queue.take();
      if (batch === undefined) continue;
      sent.push(queue);
      batches.push({ topic: queue.topic, partition: queue.partition, batch });
    }
    if (sent.length === 0) return;
    this.#busy.add(leader);
    let stale = false;
    try {
      this.#metadata.ifDue();
      await this.#identities.number(sent);
      if (this.#closed !== undefined) return;
      const results = await transport.send(leader, batches);
      const answers = new Map(results.map(result => [nameOf(result), result]));
      for (const queue of sent) {
        if (this.#outcomes.conclude(queue, answers.get(nameOf(queue))) === 'stale') stale = true;
      }
    } catch (error) {
      stale = true;
      for (const queue of sent) this.#outcomes.unanswered(queue, error);
    } finally {
      this.#busy.delete(leader);
    }
    if (stale) await this.#metadata.now();
    this.#schedule();
    this.#flushes.check();
  }

  /** Those whose time is over, and those that were refused at `append` and are now the oldest. */
  #refuseHopeless(queue: PartitionQueue, deadline: number): void {
    const late = queue.olderThan(deadline);
    if (late > 0) this.#refuse(queue, late, timedOut(queue, this.#options.deliveryTimeoutMs));
    for (let { refusal } = queue; refusal !== undefined; { refusal } = queue) {
      this.#refuse(queue, 1, refusal);
    }
  }

  #refuse(queue: PartitionQueue, count: number, error: KafkaRxError): void {
    if (count > 0) queue.refuse(count, error);
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}
