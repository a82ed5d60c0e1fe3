import {
  type AssignedPartition,
  type ConsumerListener,
  type Driver,
  type DriverConnection,
  type DriverConsumer,
  type FetchedBatch,
  KafkaRxError,
  type OffsetCommit,
  type TopicDescription,
} from 'kafka-rx';

/** What may be done to a connection beside the fail points: how a seeded bug gets in. */
export interface ConnectionPatch {
  producer?(producer: ReturnType<DriverConnection['producer']>): ReturnType<DriverConnection['producer']>;
  topics?(found: readonly TopicDescription[]): readonly TopicDescription[];
  listener?(listener: ConsumerListener): ConsumerListener;
  consumer?(consumer: DriverConsumer): DriverConsumer;
  assigned?(consumer: DriverConsumer, partitions: readonly AssignedPartition[]): void;
}

/** The moments at which an app process can be made to die or to be refused, as a wrapper around its driver. */
export class FailPoints {
  #killBeforeCommit = false;
  #killMidBatch = false;
  #refuseUntilMs = 0;

  killBeforeCommit(): void {
    this.#killBeforeCommit = true;
  }

  killMidBatch(): void {
    this.#killMidBatch = true;
  }

  refuseCommits(forMs: number): void {
    this.#refuseUntilMs = Date.now() + forMs;
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
        const made = inner.consumer(options, watched);
        consumer = this.#consumer(patch.consumer?.(made) ?? made);
        return consumer;
      },
      producer: options => {
        const producer = inner.producer(options);
        return patch.producer?.(producer) ?? producer;
      },
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
      batch: batch => inner.batch(this.#killMidBatch ? dyingHalfway(batch) : batch),
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
}

/** Only a batch of several records can be left in the middle. */
function dyingHalfway(batch: FetchedBatch): FetchedBatch {
  const { topic, partition, epoch, topicId, bytes, count, nextOffset, endOffset } = batch;
  let handedOut = 0;
  return {
    ...{ topic, partition, epoch, topicId, bytes, count, nextOffset, endOffset },
    next() {
      if (count > 1 && ++handedOut > count / 2) die();
      return batch.next();
    },
    reread: offset => batch.reread(offset),
  };
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
