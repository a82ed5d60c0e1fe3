import {
  type AssignedPartition,
  type ConsumerListener,
  type ConsumerOptions,
  type Driver,
  type DriverConnection,
  type DriverConsumer,
  type FetchedBatch,
  KafkaRxError,
  type OffsetCommit,
  type TopicDescription,
  type UnitOfWork,
} from 'kafka-rx';
import { die } from './die.js';
import { UnitFailPoints } from './exactly-once/unit-fail-points.js';
import { type Guarantee, inputTopic } from './messages.js';

/** What may be done to a connection beside the fail points: how a seeded bug gets in. */
export interface ConnectionPatch {
  producer?(producer: ReturnType<DriverConnection['producer']>): ReturnType<DriverConnection['producer']>;
  topics?(found: readonly TopicDescription[]): readonly TopicDescription[];
  options?(options: ConsumerOptions, connection: DriverConnection): ConsumerOptions;
  listener?(listener: ConsumerListener): ConsumerListener;
  consumer?(consumer: DriverConsumer): DriverConsumer;
  assigned?(consumer: DriverConsumer, partitions: readonly AssignedPartition[]): void;
  unit?(unit: UnitOfWork): UnitOfWork;
}

/** The moments at which an app process can be made to die or to be refused, as a wrapper around its driver. */
export class FailPoints {
  readonly #units: UnitFailPoints | undefined;
  #killBeforeCommit = false;
  #killMidBatch = false;
  #refuseUntilMs = 0;

  constructor(guarantee: Guarantee) {
    this.#units = guarantee === 'exactly-once' ? new UnitFailPoints() : undefined;
  }

  killBeforeCommit(): void {
    if (this.#units === undefined) this.#killBeforeCommit = true;
    else this.#units.killBeforeEnd();
  }

  /** Under exactly once only. */
  stopBeforeEnd(): void {
    this.#units?.stopBeforeEnd();
  }

  killMidBatch(): void {
    this.#killMidBatch = true;
  }

  refuseCommits(forMs: number): void {
    this.#refuseUntilMs = Date.now() + forMs;
    this.#units?.refuse(forMs);
  }

  wrap(driver: Driver, patch: ConnectionPatch = {}): Driver {
    return {
      name: driver.name,
      clock: driver.clock,
      connect: async context => this.#connection(await driver.connect(context), patch),
    };
  }

  #connection(inner: DriverConnection, patch: ConnectionPatch): DriverConnection {
    return {
      clusterId: inner.clusterId,
      admin: inner.admin,
      topics: async names => {
        const found = await inner.topics(names);
        return patch.topics?.(found) ?? found;
      },
      consumer: (options, listener) => {
        let consumer: DriverConsumer | undefined;
        const watched = this.#listener(patch.listener?.(listener) ?? listener, partitions => {
          if (consumer !== undefined) patch.assigned?.(consumer, partitions);
        });
        const made = inner.consumer(patch.options?.(options, inner) ?? options, watched);
        consumer = this.#consumer(patch.consumer?.(made) ?? made);
        return consumer;
      },
      producer: options => {
        const producer = inner.producer(options);
        return patch.producer?.(producer) ?? producer;
      },
      unitOfWork:
        inner.unitOfWork &&
        (async (...of) => {
          // What has no units has none to be wrapped.
          const opened = await inner.unitOfWork?.(...of);
          if (opened === undefined) throw new KafkaRxError('DRIVER', 'A driver lost its units of work');
          const unit = this.#units?.wrap(opened) ?? opened;
          return patch.unit?.(unit) ?? unit;
        }),
      close: () => inner.close(),
    };
  }

  #listener(
    inner: ConsumerListener,
    assigned: (partitions: readonly AssignedPartition[]) => void,
  ): ConsumerListener {
    return {
      assigned: partitions => {
        assigned(partitions);
        inner.assigned(partitions);
      },
      revoking: (partitions, boundMs) => inner.revoking(partitions, boundMs),
      lost: partitions => inner.lost(partitions),
      confirmed: () => inner.confirmed(),
      failed: error => inner.failed(error),
      batch: batch => inner.batch(this.#killMidBatch ? this.#dyingHalfway(batch) : batch),
      ...(inner.caughtUp && { caughtUp: (at, position) => inner.caughtUp?.(at, position) }),
    };
  }

  #consumer(inner: DriverConsumer): DriverConsumer {
    return {
      get confirmedUntil() {
        return inner.confirmedUntil;
      },
      start: () => inner.start(),
      subscribe: topics => inner.subscribe(topics),
      pause: partitions => inner.pause(partitions),
      resume: partitions => inner.resume(partitions),
      seek: (partition, offset) => inner.seek(partition, offset),
      rewind: partitions => inner.rewind(partitions),
      standstills: inner.standstills && (() => inner.standstills?.() ?? []),
      stop: () => inner.stop(),
      commit: offsets => this.#commit(inner, offsets),
    };
  }

  async #commit(inner: DriverConsumer, offsets: readonly OffsetCommit[]): Promise<void> {
    if (this.#killBeforeCommit && offsets.length > 0) die();
    if (Date.now() < this.#refuseUntilMs) {
      throw new KafkaRxError('COMMIT_FAILED', 'The commit is refused as it was told to', { retriable: true });
    }
    return inner.commit(offsets);
  }

  /** Only a batch of several records can be left in the middle. */
  #dyingHalfway(batch: FetchedBatch): FetchedBatch {
    const { topic, partition, epoch, topicId, bytes, count, nextOffset, endOffset } = batch;
    let handedOut = 0;
    const halfway = (): void => {
      if (this.#units === undefined) die();
      else if (topic === inputTopic) this.#units.killInside();
    };
    return {
      ...{ topic, partition, epoch, topicId, bytes, count, nextOffset, endOffset },
      next() {
        if (count > 1 && ++handedOut > count / 2) halfway();
        return batch.next();
      },
      reread: offset => batch.reread(offset),
    };
  }
}
