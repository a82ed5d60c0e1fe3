import type { GivenUp } from '../../flow/source/given-up.js';
import type { TaskRestoreProgress } from '../../state/restore.js';
import type { StateReading, TaskReading } from '../../state/state-readings.js';
import type { Counter, Histogram, Metrics, Sample } from './metrics.js';

/** What the gauges read when somebody looks. */
export interface Readings {
  inFlightRecords(): number;
  inFlightBytes(): number;
  bufferedBytes(): number;
  partitions(): readonly PartitionReading[];
  standstills(): readonly StandstillReading[];
  /** What each task keeps in states. */
  tasks(): readonly TaskReading[];
  /** Changelogs that are being read. */
  restores(): readonly TaskRestoreProgress[];
}

/** A partition that stands still, as the driver tells it. */
export interface StandstillReading {
  readonly topic: string;
  readonly partition: number;
  readonly cause: string;
  readonly seconds: number;
  /** Offsets to the partition's end that are not decided; 0 where nobody knows. */
  readonly records: number;
}

export interface PartitionReading {
  readonly topic: string;
  readonly partition: number;
  /** The watermark: the offset of the first unsettled delivery, where there is one. */
  readonly waitingAt: number;
  /** Records from the watermark to the partition's end, as of the last fetch; undefined: no broker has answered for it yet. */
  readonly lag: number | undefined;
  /** Somebody hears every source of it; otherwise it is not read. */
  readonly heard: boolean;
  /** Settled deliveries that wait above the first unsettled one. */
  readonly aboveWatermark: number;
  /** Seconds that the first unsettled delivery has held the watermark; 0 when nothing is pending. */
  readonly watermarkAgeSeconds: number;
  /** What of it was given up, and never settles. */
  readonly givenUp: GivenUp | undefined;
}

/** Every metric of an app; docs/metrics in docs/options.md lists them. */
export interface Instruments {
  readonly consumed: Counter;
  readonly produced: Counter;
  readonly stored: Counter;
  readonly dropped: Counter;
  readonly deadLettered: Counter;
  readonly commits: Counter;
  readonly commitSeconds: Histogram;
  readonly unitsSealed: Counter;
  readonly rowsLogged: Counter;
}

export function instruments(metrics: Metrics, readings: Readings): Instruments {
  const samples = (
    partitions: readonly PartitionReading[],
    read: (partition: PartitionReading) => number | undefined,
  ): readonly Sample[] =>
    partitions.flatMap(partition => {
      const value = read(partition);
      if (value === undefined) return [];
      return { labels: { topic: partition.topic, partition: String(partition.partition) }, value };
    });
  const perPartition = (read: (partition: PartitionReading) => number) => (): readonly Sample[] =>
    samples(readings.partitions(), read);
  /** Of one that nobody reads the lag says nothing of how the app keeps up. */
  const lagWhere = (heard: boolean) => (): readonly Sample[] =>
    samples(
      readings.partitions().filter(partition => partition.heard === heard),
      partition => partition.lag,
    );
  const single = (read: () => number) => (): readonly Sample[] => [{ labels: {}, value: read() }];
  const place = ['topic', 'partition'];

  metrics.gauge(
    'kafka_rx_in_flight_records',
    'Records handed out and not settled',
    [],
    single(readings.inFlightRecords),
  );
  metrics.gauge(
    'kafka_rx_in_flight_bytes',
    'Bytes of fetched batches that unsettled records pin',
    [],
    single(readings.inFlightBytes),
  );
  metrics.gauge(
    'kafka_rx_buffered_bytes',
    'Bytes appended to the producer and not acknowledged',
    [],
    single(readings.bufferedBytes),
  );
  metrics.gauge('kafka_rx_lag_records', 'Records from the watermark to the end', place, lagWhere(true));
  metrics.gauge(
    'kafka_rx_unread_records',
    'Records to the end of partitions of which nobody hears a source any more',
    place,
    lagWhere(false),
  );
  metrics.gauge(
    'kafka_rx_above_watermark_records',
    'Settled records above the first unsettled one',
    place,
    perPartition(p => p.aboveWatermark),
  );
  metrics.gauge(
    'kafka_rx_watermark_age_seconds',
    'Age of the record that holds the watermark',
    place,
    perPartition(p => p.watermarkAgeSeconds),
  );
  metrics.gauge(
    'kafka_rx_standstill_seconds',
    'Time that a partition has stood still behind an open transaction, or with no broker that answers for it',
    [...place, 'cause'],
    () =>
      readings.standstills().map(({ topic, partition, cause, seconds }) => ({
        labels: { topic, partition: String(partition), cause },
        value: seconds,
      })),
  );
  metrics.gauge(
    'kafka_rx_undecided_records',
    'Offsets from the first open transaction of a partition to its end',
    place,
    () =>
      readings.standstills().map(({ topic, partition, records }) => ({
        labels: { topic, partition: String(partition) },
        value: records,
      })),
  );

  stateGauges(metrics, readings);
  return {
    consumed: metrics.counter('kafka_rx_records_consumed_total', 'Records handed to the topology', ['topic']),
    produced: metrics.counter('kafka_rx_records_produced_total', 'Records that brokers acknowledged', [
      'topic',
    ]),
    stored: metrics.counter('kafka_rx_documents_stored_total', 'Documents made durable', ['store']),
    dropped: metrics.counter('kafka_rx_records_dropped_total', 'Records dropped, by reason', [
      'reason',
      'stage',
    ]),
    deadLettered: metrics.counter('kafka_rx_dead_letters_total', 'Dead letters acknowledged', []),
    commits: metrics.counter('kafka_rx_commits_total', 'Commits, by outcome', ['outcome']),
    commitSeconds: metrics.histogram(
      'kafka_rx_commit_seconds',
      'Time from a commit to its confirmation',
      [],
      [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    ),
    unitsSealed: metrics.counter(
      'kafka_rx_state_units_total',
      'Units of work that were sealed with a state',
      ['state'],
    ),
    rowsLogged: metrics.counter('kafka_rx_changelog_rows_total', 'Rows written to changelogs', ['state']),
  };
}

function stateGauges(metrics: Metrics, readings: Readings): void {
  const place = ['state', 'partition'];
  const placeOf = ({ state, partition }: Pick<StateReading, 'state' | 'partition'>) => ({
    labels: { state, partition: String(partition) },
  });
  const perState = (name: string, help: string, read: (reading: StateReading) => number): void =>
    metrics.gauge(name, help, place, () =>
      readings.tasks().flatMap(({ states }) => states.map(one => ({ ...placeOf(one), value: read(one) }))),
    );
  const perTask = (name: string, help: string, read: (reading: TaskReading) => number | undefined): void =>
    metrics.gauge(name, help, ['task'], () =>
      readings.tasks().flatMap(one => {
        const value = read(one);
        return value === undefined ? [] : { labels: { task: one.task }, value };
      }),
    );
  const perRestore = (
    name: string,
    help: string,
    read: (one: TaskRestoreProgress) => number | undefined,
  ): void =>
    metrics.gauge(name, help, place, () =>
      readings.restores().flatMap(one => {
        const value = read(one);
        return value === undefined ? [] : { ...placeOf(one), value };
      }),
    );
  perState('kafka_rx_state_rows', 'Rows of a state', ({ rows }) => rows);
  perState('kafka_rx_state_dirty_rows', 'Rows changed since the last barrier', ({ dirty }) => dirty);
  perTask('kafka_rx_state_memory_bytes', 'Bytes of states in memory', one => one.memoryBytes);
  perTask('kafka_rx_state_backend_bytes', 'Bytes of states in backends', one => one.backendBytes);
  perRestore('kafka_rx_restore_have_offsets', 'Offsets of a changelog that were read', one => one.have);
  perRestore('kafka_rx_restore_need_offsets', 'Offsets of a changelog still to read', one => one.need);
  perRestore('kafka_rx_restore_rate_offsets', 'Offsets of a changelog read a second', one => one.rate);
  perRestore(
    'kafka_rx_restore_left_seconds',
    'Time until a changelog is read, at that rate',
    ({ etaMs }) => etaMs && etaMs / 1000,
  );
}
