/** Every default in one place, with its unit and its reason; docs/options.md is held to it by a test. */
export const defaults = {
  commit: {
    /** Milliseconds between commits: bounds what a crash repeats. */
    intervalMs: 1000,
    /** Records after which a commit is made at once: bounds the same at high rates. */
    every: 10_000,
    /** Tries of one commit (see `CommitterOptions`). */
    attempts: 10,
  },
  unit: {
    /** Milliseconds between the commits of a task under exactly once: its outputs are seen at these. */
    intervalMs: 100,
  },
  /** Milliseconds after which the brokers abort what is open of a task. As in the Java producer. */
  transactionTimeoutMs: 60_000,
  bounds: {
    /** Records handed out and not settled, over all partitions: enough to fill the requests of three sinks. */
    maxUnsettled: 20_000,
    /** Bytes of fetched batches that unsettled records pin. */
    maxUnsettledBytes: 128 * 1024 * 1024,
    /** Deliveries from the watermark to the newest, per partition: what one straggler may hold up. */
    maxSpan: 100_000,
    /** Bytes that were appended to the producer and not yet acknowledged. */
    maxBufferedBytes: 32 * 1024 * 1024,
    /** Bytes fetched and not handed out, over all partitions, above which all are paused: several fetches of each broker. */
    maxQueuedBytes: 128 * 1024 * 1024,
    /** Bytes fetched and not handed out, per partition, above which that one is paused. */
    maxQueuedBytesPerPartition: 2 * 1024 * 1024,
  },
  source: {
    /** Milliseconds after which the source lets other work of the process run: heartbeats, acknowledgements. */
    turnMs: 5,
    /** Records of one partition before the next partition has its turn. */
    turnRecords: 512,
    /** Milliseconds without a record after which gathered records are told to move on. */
    idleMs: 1000,
    /** Milliseconds between reminders to flush, at a bound and in a drain. */
    flushMs: 20,
    /** Milliseconds between looks for new topics that match a RegExp. */
    discoveryMs: 30_000,
    /** Milliseconds between looks for the ends of paused partitions, which no fetch tells. */
    endOffsetsMs: 10_000,
  },
  /** Milliseconds that a task of several inputs waits for one that is at its end: as Kafka Streams, promptness counts more. */
  maxTaskIdleMs: 0,
  group: {
    /** Milliseconds without a heartbeat after which the broker gives the partitions away. */
    sessionTimeoutMs: 30_000,
    /** Milliseconds for a drain on rebalance; also the broker's bound for it. */
    rebalanceTimeoutMs: 60_000,
  },
  producer: {
    /** Bytes of key, value and headers of one record; the brokers' own default is 1 MiB with overhead. */
    maxRecordBytes: 1_000_000,
    /** Milliseconds after which an unacknowledged record is refused. As in the Java producer. */
    deliveryTimeoutMs: 120_000,
  },
  store: {
    /** Documents in one write: a transaction's cost is shared among them. */
    maxDocuments: 2000,
  },
  deadLetters: {
    limit: {
      /** Share of the records of the window above which the app fails: the input is broken, not a record of it. */
      share: 0.1,
      /** Milliseconds of the window. */
      windowMs: 60_000,
      /** Dead letters of the window up to which the share is not looked at: few records make no share. */
      minimum: 100,
    },
    /** Bytes of a payload above which it is left out: the letter itself must not be refused for its size. */
    maxPayloadBytes: 900_000,
  },
  /** Whether a replayed record goes to the branch that its headers name. */
  replays: 'directed',
  /** Milliseconds that one record may hold its partition's watermark. As Java's `max.poll.interval.ms`. */
  stallTimeoutMs: 300_000,
  /**
   * Milliseconds that a partition may stand still for a cause outside before `health()` says so: longer than transactions mostly
   * are, and half of what Kafka gives them by default (`transaction.timeout.ms`), so that it is told before the coordinator acts.
   */
  standstillMs: 30_000,
  /** Milliseconds of tries to start: a broker may come up late, or restart meanwhile. */
  connectTimeoutMs: 30_000,
  /** Milliseconds for `stop()` to drain before it gives up. */
  stopDeadlineMs: 30_000,
  json: {
    /** Bytes of one value: above what brokers take by default (1 MiB), below what stops a process for long. */
    maxBytes: 16 * 1024 * 1024,
    /** Objects and arrays within each other. */
    maxDepth: 64,
    /** Fields that the type does not declare are left out: producers add some before their readers know them. */
    unknownFields: 'strip',
    /** Two readers of a field that stands there twice may see two values. */
    duplicateKeys: 'refuse',
    /** Of a number beyond 2^53 digits may be lost. */
    unsafeNumbers: 'refuse',
  },
  mapAsync: {
    /** Calls of the function under way at once. */
    concurrency: 16,
    /** What is kept in order: records of one key, as Kafka keeps them. */
    order: 'key',
    /** Values that one call may give: as for `flatMapValue`. */
    maxParts: 1_000_000,
  },
  each: {
    /** Calls of the function under way at once, over all partitions; of one partition it is one at a time. */
    concurrency: 16,
  },
  retry: {
    /** Tries after the first: 3.1 s of waiting in all. */
    attempts: 5,
    /** Milliseconds before the first of them; doubles with each. */
    initialDelayMs: 100,
    /** Milliseconds that no wait exceeds. */
    maxDelayMs: 10_000,
    /** What becomes of the record when all have failed. */
    otherwise: 'fail',
  },
  lmdb: {
    /** Milliseconds that a scan may hold on to its picture: so long LMDB keeps every page that is replaced meanwhile. */
    snapshotMs: 30_000,
  },
  flatMapValue: {
    /** Records made of one: what never ends would stop the process; no record of 1 MiB lists more. */
    maxParts: 1_000_000,
  },
  batch: {
    /** Records in one batch. */
    maxRecords: 500,
    /** Milliseconds that the first record of a batch waits for the last. */
    maxWaitMs: 1000,
  },
} as const;
