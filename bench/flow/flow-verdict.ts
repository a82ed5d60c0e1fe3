import type { Outcome } from '../benchmark.js';
import type { ContestantName, PeerName } from '../peers/peer-names.js';
import { ratioSpread, shownSpread, spreadOf } from '../spread.js';

/** One contestant's figures, one of each a round. */
export interface Measured {
  readonly name: ContestantName;
  /** Purchases a second. */
  readonly throughput: readonly number[];
  /** CPU a purchase, µs, all threads of the process. */
  readonly cpuUs: readonly number[];
  readonly peakRssMib: readonly number[];
}

/** What kafka-rx is held to: at least so many times the peer's throughput, at most so much of its CPU. */
interface Target {
  readonly throughput: number;
  readonly cpu: number | undefined;
}

/** Node 24 runs JSON and buffers faster; the JVM is the same. */
const nodeMajor = Number(process.versions.node.split('.')[0]);
const targets: Readonly<Record<PeerName, Target>> = {
  'raw-kafkajs': { throughput: 4, cpu: 0.25 },
  platformatic: { throughput: 2.5, cpu: undefined },
  'kafka-streams': { throughput: nodeMajor >= 24 ? 1.2 : 1, cpu: 0.6 },
};

/** Ratios are taken within a round, and their median then. */
export function verdictOf(measured: readonly Measured[]): Outcome {
  const own = measured.find(({ name }) => name === 'kafka-rx');
  if (own === undefined) throw new Error('kafka-rx did not run');
  const comparisons = measured.flatMap(peer => {
    if (peer.name === 'kafka-rx') return [];
    const target = targets[peer.name];
    const throughput = ratioSpread(own.throughput, peer.throughput);
    const cpu = ratioSpread(own.cpuUs, peer.cpuUs);
    const pass =
      throughput.median >= target.throughput && (target.cpu === undefined || cpu.median <= target.cpu);
    return [{ peer: peer.name, throughput, cpu, target, pass }];
  });
  const figures = measured.map(({ name, throughput, cpuUs, peakRssMib }) => ({
    name,
    throughput: spreadOf(throughput),
    cpuUs: spreadOf(cpuUs),
    peakRssMib: spreadOf(peakRssMib),
  }));
  const [, best] = figures;
  const missed = comparisons.filter(({ pass }) => !pass).map(({ peer }) => peer);
  const rate = spreadOf(own.throughput).median.toLocaleString('en-US', { maximumFractionDigits: 0 });
  const cost = spreadOf(own.cpuUs).median.toFixed(1);
  return {
    lines: [
      `median (min–max)  ${'purchases/s'.padEnd(28)} ${'CPU µs a purchase'.padEnd(20)} peak RSS MiB`,
      ...figures.map(
        each =>
          `  ${each.name.padEnd(14)}  ${shownSpread(each.throughput).padEnd(28)} ${shownSpread(each.cpuUs, 1).padEnd(20)} ${shownSpread(each.peakRssMib)}`,
      ),
      ...(comparisons.length === 0 ? [] : [`kafka-rx in relation, by round  ${'throughput'.padEnd(26)} CPU`]),
      ...comparisons.map(
        ({ peer, throughput, cpu, target, pass }) =>
          `  to ${peer.padEnd(14)} ${shownSpread(throughput, 2).padEnd(18)} (≥ ${target.throughput})  ${shownSpread(cpu, 2)}${target.cpu === undefined ? '' : ` (≤ ${target.cpu})`}: ${pass ? 'met' : 'missed'}`,
      ),
    ],
    verdict: `kafka-rx ${rate} purchases/s at ${cost} µs of CPU${best === undefined ? '' : missed.length === 0 ? ', every target met' : `; targets missed against ${missed.join(', ')}`}`,
    pass: comparisons.length === 0 ? undefined : missed.length === 0,
    figures: { contestants: figures, comparisons },
  };
}
