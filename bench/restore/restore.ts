import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { partitionForKey } from '../../lib/flow/sinks/partitioner.js';
import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { type BenchBroker, withBenchBroker } from '../flow/bench-broker.js';
import { type Pair, type PairName, preparePair } from '../peers/pair.js';
import { publishTimed, type TimedRecord } from '../state/state-input.js';
import { keyOf, type RestorePlan, type RestoreReport, textOf } from './restore-plan.js';
import { type RestoreRow, restoreVerdictOf } from './restore-verdict.js';

const partitions = 4;
const defaultKeys = 1_000_000;
const valueBytes = 200;
const input = 'values';
const rows: readonly RestoreRow[] = ['memory', 'disk', 'restart'];

const sources = {
  own: 'restore/restore-app',
  streams: {
    name: 'KafkaStreamsRestore',
    sources: ['bench/restore/KafkaStreamsRestore.java', 'bench/peers/StreamsRun.java'],
  },
} as const;

/** How soon a state is there again, beside Kafka Streams: read from its changelog, which each has written itself, and with the folder that it had. */
export async function measureRestore(options: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const { rounds, records: keys = defaultKeys } = options;
  return withBenchBroker(async broker => {
    const pair = await preparePair(broker.folder, options.peers, sources);
    tell(`restore: loading ${keys.toLocaleString('en-US')} values`);
    await broker.freshTopics([input], partitions);
    await publishTimed(broker.brokers, input, valuesOf(keys));
    const runs = new Runs(broker, pair, keys);
    for (const name of pair.names) {
      tell(`restore: ${name} fills its changelog`);
      await runs.fill(name);
    }
    const measured = rows.flatMap(row =>
      pair.names.map(name => ({ row, name, reports: [] as RestoreReport[] })),
    );
    for (let round = 1; round <= rounds; round++) {
      for (const { row, name, reports } of measured) {
        tell(`restore: ${row}, ${name}, round ${round} of ${rounds}`);
        reports.push(await runs.restore(name, row));
      }
    }
    const bytes = keyOf(0).length + valueBytes;
    const { lines, ...outcome } = restoreVerdictOf(measured, keys, bytes);
    return {
      ...outcome,
      lines: [
        `${keys.toLocaleString('en-US')} keys of ${bytes} bytes with their values, ${partitions} partitions; each has written its own changelog; ${rounds} rounds in turn`,
        'rows/s: from the beginning of the first restore until a record of each partition was taken; ready: the same from the start of the app, with the joining of its group',
        ...pair.missing,
        ...lines,
        'states: a thousand keys of each asked for after every run, with their values',
      ],
    };
  });
}

function* valuesOf(keys: number): Generator<TimedRecord> {
  for (let number = 0; number < keys; number++) yield recordOf(number);
}

function recordOf(number: number): TimedRecord {
  return {
    key: keyOf(number),
    value: Buffer.from(textOf(number, valueBytes)),
    timestamp: Date.now(),
  };
}

/** One for each partition, such as lies there already: that it is taken shows that a task has begun. */
export function oneOfEachPartition(keys: number, count: number): readonly number[] {
  const found = new Map<number, number>();
  for (let number = 0; number < keys && found.size < count; number++) {
    const partition = partitionForKey(Buffer.from(keyOf(number)), count);
    if (!found.has(partition)) found.set(partition, number);
  }
  if (found.size < count) throw new Error(`${keys} keys are too few for ${count} partitions`);
  return [...found.values()];
}

class Runs {
  readonly #broker: BenchBroker;
  readonly #pair: Pair;
  readonly #keys: number;

  constructor(broker: BenchBroker, pair: Pair, keys: number) {
    this.#broker = broker;
    this.#pair = pair;
    this.#keys = keys;
  }

  async fill(name: PairName): Promise<void> {
    await this.#run(name, {
      ...{ phase: 'fill', records: this.#keys, store: 'disk', directory: this.#kept(name) },
    });
  }

  async restore(name: PairName, row: RestoreRow): Promise<RestoreReport> {
    const { brokers, folder } = this.#broker;
    await publishTimed(brokers, input, oneOfEachPartition(this.#keys, partitions).map(recordOf));
    const store = row === 'memory' ? 'memory' : 'disk';
    const plan = { phase: 'restore', records: partitions, store } as const;
    if (row === 'restart') return this.#run(name, { ...plan, directory: this.#kept(name) });
    const directory = await mkdtemp(join(folder, 'restore-'));
    try {
      return await this.#run(name, { ...plan, directory });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** What it had when it filled its changelog. */
  #kept(name: PairName): string {
    return join(this.#broker.folder, `kept-${name}`);
  }

  #run(
    name: PairName,
    plan: Pick<RestorePlan, 'phase' | 'records' | 'store' | 'directory'>,
  ): Promise<RestoreReport> {
    const { brokers } = this.#broker;
    return this.#pair.run<RestoreReport>(name, {
      ...{ brokers, group: `restore-${name}`, input, partitions, keys: this.#keys, valueBytes, ...plan },
    } satisfies RestorePlan);
  }
}
