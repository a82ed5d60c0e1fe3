import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { aboutContestants, type Contestants, prepareContestants } from '../peers/contestants.js';
import type { ContestantName } from '../peers/peer-names.js';
import { cpuUsOf, rateOf } from '../peers/per-purchase.js';
import { outputTopics, type Report } from '../peers/plan.js';
import { type BenchBroker, withBenchBroker } from './bench-broker.js';
import { loadInput } from './flow-input.js';
import { type Measured, verdictOf } from './flow-verdict.js';
import { requireOutputs } from './read-back.js';

const partitions = 4;
/** Not measured, for all alike; the JVM compiles for longer than V8 does. */
const warmUp = 150_000;
const defaultRecords = 300_000;

/** The purchase flow on a real broker: kafka-rx and its peers in turn, each in a process of its own, outputs read back. */
export async function measureFlow(options: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  return withBenchBroker(async broker => {
    const contestants = await prepareContestants(broker.folder, options.peers);
    const reports = await playRounds(broker, contestants, options, tell);
    const { names, missing } = contestants;
    const measured = names.map(
      (name): Measured => ({
        name,
        throughput: reports[name].map(rateOf),
        cpuUs: reports[name].map(cpuUsOf),
        peakRssMib: reports[name].map(({ peakRssMib }) => peakRssMib),
      }),
    );
    const { lines, ...outcome } = verdictOf(measured);
    return {
      ...outcome,
      lines: [
        `${(options.records ?? defaultRecords).toLocaleString('en-US')} purchases after ${warmUp.toLocaleString('en-US')} of warm-up, ${partitions} partitions, three outputs, acks=all; ${options.rounds} rounds in turn`,
        ...names.map(name => `  ${name.padEnd(14)} ${aboutContestants[name]}`),
        ...missing,
        ...lines,
        'outputs: read back after every run, the same in all by count and checksum of partition, key and value',
      ],
    };
  });
}

async function playRounds(
  broker: BenchBroker,
  contestants: Contestants,
  { rounds, records = defaultRecords }: BenchmarkOptions,
  tell: Tell,
): Promise<Readonly<Record<ContestantName, Report[]>>> {
  const all = warmUp + records;
  tell(`flow: loading ${all.toLocaleString('en-US')} purchases`);
  await broker.freshTopics(['transactions'], partitions);
  const expected = await loadInput(broker.brokers, 'transactions', all, partitions);

  const reports: Record<ContestantName, Report[]> = {
    'kafka-rx': [],
    'raw-kafkajs': [],
    platformatic: [],
    'kafka-streams': [],
  };
  const play = async (name: ContestantName, round: number): Promise<Report> => {
    await broker.freshTopics(outputTopics, partitions);
    const group = `flow-${name}-${round}`;
    const report = await contestants.run(name, {
      ...{ brokers: broker.brokers, group, input: 'transactions', records: all, warmUp },
      tuning: 'throughput',
    });
    tell(`flow: ${name}, round ${round} of ${rounds}: reading the outputs back`);
    await requireOutputs(broker.kafka, name, expected);
    return report;
  };

  tell('flow: warming up the broker');
  await play('kafka-rx', 0);
  for (let round = 1; round <= rounds; round++) {
    for (const name of contestants.names) {
      tell(`flow: ${name}, round ${round} of ${rounds}`);
      reports[name].push(await play(name, round));
    }
  }
  return reports;
}
