import type { Subscription } from 'rxjs';
import { TopologyGraph } from '../../../lib/app/topology/graph.js';
import { bytes } from '../../../lib/codecs/bytes.js';
import { nullable } from '../../../lib/codecs/nullable.js';
import type { FetchedBatch, OffsetCommit, TopicPartition } from '../../../lib/drivers/port.js';
import type { KafkaRxError } from '../../../lib/errors/errors.js';
import type { TaskCommit } from '../../../lib/flow/commit/task-commit.js';
import {
  type DeliveryHost,
  type DropReason,
  deliveriesOf,
  type FlushReason,
} from '../../../lib/flow/leases/delivery.js';
import { lease, listOf, release } from '../../../lib/flow/leases/leases.js';
import type { Bounds } from '../../../lib/flow/source/bounds.js';
import { Dispatcher } from '../../../lib/flow/source/dispatcher.js';
import type { Flusher } from '../../../lib/flow/source/draining.js';
import { InFlight } from '../../../lib/flow/source/in-flight.js';
import { Lanes } from '../../../lib/flow/source/lanes.js';
import type { Pace } from '../../../lib/flow/source/pace.js';
import type { PartitionLane } from '../../../lib/flow/source/partition-lane.js';
import { topicPattern } from '../../../lib/flow/source/topic-pattern.js';
import { TopicView } from '../../../lib/flow/source/topic-view.js';
import { noHeaders } from '../../../lib/record/headers.js';
import type { KafkaRecord } from '../../../lib/record/record.js';
import { VirtualClock } from '../../../lib/testing/index.js';

const noBounds: Bounds = {
  maxUnsettled: Number.POSITIVE_INFINITY,
  maxUnsettledBytes: Number.POSITIVE_INFINITY,
  maxSpan: Number.POSITIVE_INFINITY,
  maxBufferedBytes: Number.POSITIVE_INFINITY,
  maxQueuedBytes: Number.POSITIVE_INFINITY,
  maxQueuedBytesPerPartition: Number.POSITIVE_INFINITY,
};

const pace: Pace = { turnMs: 15, turnRecords: 512, idleMs: 1000, flushMs: 50 };

interface BatchParts {
  readonly partition?: number;
  readonly epoch?: number;
  readonly topicId?: string;
  /** The first offset. */
  readonly from: number;
  readonly count: number;
  readonly bytes?: number;
  /** Of its records, milliseconds. Default 0. */
  readonly timestamp?: number;
  /** Default: behind the last record. */
  readonly nextOffset?: number;
  /** Default: that. */
  readonly endOffset?: number;
}

/**
 * A dispatcher between a driver and a topology that a test plays: batches go in by `fetch`, records come out and stay
 * leased until the test settles them; watermarks that move are told as in the app.
 */
export class ScriptedSource {
  readonly clock = new VirtualClock();
  readonly dispatcher: Dispatcher;
  readonly inFlight: InFlight;
  readonly lanes = new Lanes();
  /** `partition@offset` of each record handed out, in order. */
  readonly handed: string[] = [];
  /** `pause 0`, `resume 0`: what the driver was told. */
  readonly driver: string[] = [];
  readonly flushes: FlushReason[] = [];
  readonly dropped: DropReason[] = [];
  readonly failures: KafkaRxError[] = [];
  /** Where a watermark stood each time that one moved. */
  readonly points: OffsetCommit[] = [];
  /** What `bufferedBytes` of the producer says. */
  bufferedBytes = 0;
  /** What the driver's consumer says. */
  confirmedUntil = Number.POSITIVE_INFINITY;
  /** Called with each record, inside its dispatch window, once it is leased. */
  onRecord: (record: KafkaRecord) => void = () => {};
  /** Called when lease holders are told to flush. */
  onFlush: (reason: FlushReason) => void = () => {};
  readonly view: TopicView<Buffer | null, Buffer | null>;
  readonly #open = new Map<string, KafkaRecord>();

  readonly #heard: Subscription;

  /**
   * @param commit hears what moved; default: nobody does
   * @param taskOf which task a partition is of; default: each is one
   */
  constructor(
    bounds: Partial<Bounds> = {},
    paced: Partial<Pace> = {},
    commit?: TaskCommit,
    taskOf: (partition: number) => string = String,
  ) {
    const graph = new TopologyGraph();
    const node = graph.add('source', 't');
    const codec = nullable(bytes);
    this.view = new TopicView(
      { graph, node },
      topicPattern('t'),
      codec,
      codec,
      undefined,
      false,
      undefined,
      () => this.dispatcher.subscribersChanged(),
    );
    // The view hands its own type to its own subscriber only.
    const views = [this.view as unknown as TopicView];
    const host: DeliveryHost & Flusher = {
      app: this,
      clock: this.clock,
      live: true,
      endings: 0,
      giveUp: () => {},
      protect: () => {},
      fail: error => this.failures.push(error),
      problem: ({ error }) => this.failures.push(error),
      retryFor: () => undefined,
      dropped: reason => this.dropped.push(reason),
      onFlush: () => () => {},
      flush: reason => {
        this.flushes.push(reason);
        this.onFlush(reason);
      },
    };
    const allBounds = { ...noBounds, ...bounds };
    this.inFlight = new InFlight(allBounds, { reaches: most => this.bufferedBytes >= most });
    this.dispatcher = new Dispatcher({
      clock: this.clock,
      host,
      slow: { during: (_what, work) => work },
      bounds: allBounds,
      pace: { ...pace, ...paced },
      lanes: this.lanes,
      inFlight: this.inFlight,
      commit: {
        moved: lane => {
          const { topic, partition, epoch, watermark } = lane;
          this.points.push({ topic, partition, epoch, offset: watermark.offset });
          commit?.moved(lane);
        },
        handedOut: () => {},
        forget: lane => commit?.forget(lane),
      },
      keepsBatches: false,
      consumer: this,
      views: { of: () => views },
      tasks: { of: ({ partition }) => taskOf(partition), commitsByUnits: () => false },
      maxTaskIdleMs: () => 0,
      originOf: ({ topicId }) => topicId,
      admit: headers => ({ headers, passing: undefined }),
      consumed: () => {},
    });
    this.#heard = this.view.records$.subscribe(record => this.#take(record));
    // The look for work that a new subscriber brings about is over, so that batches are handed out as they come.
    this.clock.flush();
  }

  /** Assigns these partitions of `t`. */
  assign(partitions: readonly number[], epoch = 1): void {
    this.dispatcher.assign(partitions.map(partition => ({ topic: 't', partition, epoch })));
  }

  lose(partition: number, epoch = 1): void {
    this.dispatcher.lose([{ topic: 't', partition, epoch }]);
  }

  /** As at the barrier of a task. */
  barrier(partition: number): string[] {
    const done: string[] = [];
    const task = this.lanes.of({ topic: 't', partition })?.task;
    if (task === undefined) return done;
    task.stopAt();
    void this.dispatcher.quiet(task).then(() => done.push('quiet'));
    return done;
  }

  /** Drains these partitions; the array tells when that is done. */
  draining(partitions: readonly number[], epoch = 1): string[] {
    const done: string[] = [];
    void this.dispatcher
      .drain(
        partitions.map(partition => ({ topic: 't', partition, epoch })),
        'drain',
      )
      .then(() => done.push('drained'));
    return done;
  }

  /** As the driver's consumer. */
  pause(partitions: readonly TopicPartition[]): void {
    this.driver.push(...partitions.map(({ partition }) => `pause ${partition}`));
  }

  /** As the driver's consumer. */
  resume(partitions: readonly TopicPartition[]): void {
    this.driver.push(...partitions.map(({ partition }) => `resume ${partition}`));
  }

  /** The driver hands over a batch. */
  fetch({
    partition = 0,
    epoch = 1,
    topicId = 't-id',
    from,
    count,
    bytes: size = count,
    timestamp = 0,
    nextOffset = from + count,
    endOffset = nextOffset,
  }: BatchParts): void {
    let at = from;
    const batch: FetchedBatch = {
      topic: 't',
      partition,
      epoch,
      topicId,
      bytes: size,
      count,
      nextOffset,
      endOffset,
      next: () =>
        at === from + count
          ? undefined
          : { offset: at++, timestamp, key: null, value: null, headers: noHeaders },
      reread: () => undefined,
    };
    this.dispatcher.accept(batch);
  }

  /** A driver that obeys: so many times a batch for each partition that is not paused, one behind the other. */
  fetchAll(times: number, parts: (partition: number) => Omit<BatchParts, 'from'>): void {
    const next = new Map<PartitionLane, number>();
    for (let round = 0; round < times; round++) {
      for (const lane of this.lanes.all) {
        if (lane.pausedAtDriver) continue;
        const batch = parts(lane.partition);
        const from = next.get(lane) ?? 0;
        next.set(lane, from + batch.count);
        this.fetch({ ...batch, from });
        this.clock.flush();
      }
    }
  }

  /** The sink is done with this record. */
  settle(partition: number, offset: number, epoch = 1): void {
    const name = `${epoch}:${partition}@${offset}`;
    const record = this.#open.get(name);
    if (record === undefined) throw new Error(`${name} is not open`);
    this.#open.delete(name);
    release(record);
  }

  /** Keeps it open for good, as a failure does. */
  hold(partition: number, offset: number): void {
    for (const delivery of listOf(this.#open.get(`1:${partition}@${offset}`)?.[deliveriesOf] ?? []))
      delivery.hold();
  }

  /** Runs what was deferred, and the promises behind it. */
  async turn(): Promise<void> {
    this.clock.flush();
    await new Promise(resolve => setImmediate(resolve));
  }

  /** What was handed out since the last call. */
  takeHanded(): readonly string[] {
    return this.handed.splice(0);
  }

  /** Nobody hears it any more. */
  leave(): void {
    this.#heard.unsubscribe();
  }

  #take(record: KafkaRecord): void {
    const { partition, offset } = record;
    this.handed.push(`${partition}@${offset}`);
    if (!lease(record, 'test')) return;
    const [delivery] = listOf(record[deliveriesOf]);
    this.#open.set(`${delivery?.lane.epoch}:${partition}@${offset}`, record);
    this.onRecord(record);
  }
}

/** `0@5` to `0@9`. */
export function records(partition: number, from: number, until: number): readonly string[] {
  return Array.from({ length: until - from }, (_, i) => `${partition}@${from + i}`);
}
