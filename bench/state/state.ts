import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { type BenchBroker, withBenchBroker } from '../flow/bench-broker.js';
import { type Pair, type PairName, preparePair } from '../peers/pair.js';
import { cpuUsOf, rateOf } from '../peers/per-purchase.js';
import { type Counted, contentsOf, requireSame } from './contents.js';
import { loadStateInput } from './state-input.js';
import type { StatePlan, StateReport } from './state-plan.js';
import { fewKeys, type StateRow, stateRows, titleOfKeys } from './state-rows.js';
import { type MeasuredState, stateVerdictOf } from './state-verdict.js';

const partitions = 4;
/** As in `bench flow`: the JVM compiles for longer than V8 does. */
const warmUpRecords = 150_000;
const defaultRecords = 300_000;
const defaultKeys = 10_000_000;
const [input, output] = ['events', 'counts'];

const sources = {
  own: 'state/state-app',
  streams: {
    name: 'KafkaStreamsState',
    sources: [
      'bench/state/KafkaStreamsState.java',
      'bench/peers/CommitMeter.java',
      'bench/peers/StreamsRun.java',
    ],
  },
} as const;

/** Counts by key and by window on a real broker beside Kafka Streams, until results and changelogs are durable; results read back and compared. */
export async function measureState(options: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const { rounds, records = defaultRecords, keys = defaultKeys, only = '' } = options;
  const rows = stateRows(keys).filter(({ title }) => title.includes(only));
  if (rows.length === 0) throw new Error(`--only ${only} leaves no row: ${titles(stateRows(keys))}`);
  return withBenchBroker(async broker => {
    const pair = await preparePair(broker.folder, options.peers, sources);
    const measured: MeasuredState[] = [];
    const runs = new Runs(broker, pair, tell, rounds);
    for (const row of rows) measured.push(...(await runs.play(row, records)));
    const relations = (['zipf', 'uniform'] as const).map(law => ({
      ...{ law, few: titleOfKeys(law, fewKeys), many: titleOfKeys(law, keys) },
    }));
    const { lines, ...outcome } = stateVerdictOf(measured, relations);
    return {
      ...outcome,
      lines: [
        `${records.toLocaleString('en-US')} records after ${warmUpRecords.toLocaleString('en-US')} of warm-up, or after each key where these are more; ${partitions} partitions, acks=all; ${rounds} rounds in turn`,
        'memory: both in memory; disk: LMDB here, RocksDB there; updates: each change, and Kafka Streams with caching off; commit: the last of a key at each commit, and its cache',
        'committed every 1,000 ms at least once, every 100 ms exactly once; measured between two commits, with results and changelogs durable',
        ...pair.missing,
        ...lines,
        'results: read back committed after every run, the same of both by count and checksum of key, value and timestamp, with commit the last of each key',
      ],
    };
  });
}

function titles(rows: readonly StateRow[]): string {
  return rows.map(({ title }) => title).join(', ');
}

/** The rows, one after the other. */
class Runs {
  readonly #broker: BenchBroker;
  readonly #pair: Pair;
  readonly #tell: Tell;
  readonly #rounds: number;
  #loaded = '';
  #isWarm = false;
  #runs = 0;

  constructor(broker: BenchBroker, pair: Pair, tell: Tell, rounds: number) {
    this.#broker = broker;
    this.#pair = pair;
    this.#tell = tell;
    this.#rounds = rounds;
  }

  async play(row: StateRow, records: number): Promise<readonly MeasuredState[]> {
    const warmUp = Math.max(warmUpRecords, row.input.filled ? row.input.keys : 0);
    const all = warmUp + records;
    await this.#load(row, all);
    if (!this.#isWarm) {
      // The broker, which compiles too: nothing of it counts.
      this.#tell('state: warming up the broker');
      await this.#run(row, 'kafka-rx', all, warmUp);
      this.#isWarm = true;
    }
    const measured = this.#pair.names.map(name => ({ name, reports: [] as StateReport[], results: 0 }));
    let first: Counted | undefined;
    for (let round = 1; round <= this.#rounds; round++) {
      for (const one of measured) {
        this.#tell(`state: ${row.title}, ${one.name}, round ${round} of ${this.#rounds}`);
        const { report, counted, results } = await this.#run(row, one.name, all, warmUp);
        first ??= counted;
        requireSame(row.title, first, counted);
        one.reports.push(report);
        one.results = results;
      }
    }
    return measured.map(({ name, reports, results }) => ({
      ...{ row: row.title, name, results, wroteMib: reports.map(({ wroteMib }) => wroteMib) },
      ...{ throughput: reports.map(rateOf), cpuUs: reports.map(cpuUsOf) },
    }));
  }

  async #load(row: StateRow, all: number): Promise<void> {
    const wanted = JSON.stringify([row.input, all]);
    if (wanted === this.#loaded) return;
    this.#tell(`state: loading ${all.toLocaleString('en-US')} records`);
    await this.#broker.freshTopics([input], partitions);
    await loadStateInput(this.#broker.brokers, input, row.input, all);
    this.#loaded = wanted;
  }

  async #run(
    { title, operation, emit, store, guarantee }: StateRow,
    name: PairName,
    records: number,
    warmUp: number,
  ): Promise<{ readonly report: StateReport; readonly counted: Counted; readonly results: number }> {
    const { brokers, folder } = this.#broker;
    await this.#broker.freshTopics([output], partitions);
    const group = `state-${name}-${++this.#runs}`;
    const directory = await mkdtemp(join(folder, 'state-'));
    const plan: StatePlan = {
      ...{ brokers, group, input, output, records, warmUp, guarantee, tuning: 'throughput' },
      ...{ operation, emit, store, directory },
    };
    try {
      const report = await this.#pair.run<StateReport>(name, plan);
      this.#tell(`state: ${title}, ${name}: reading the results back`);
      const contents = await contentsOf(brokers, output, emit === 'updates' ? 'all' : 'last');
      return { report, counted: { who: name, sum: contents.sum }, results: contents.records };
    } finally {
      await rm(directory, { recursive: true, force: true });
      await this.#broker.dropTopics(group);
    }
  }
}
