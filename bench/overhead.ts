import type { MaskedPurchase } from '../demos/purchases/model.js';
import { bareLoop } from './bare-loop.js';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import { cpuNs } from './cpu-time.js';
import type { NullLog } from './null-log.js';
import { NullProducer, type Output } from './null-producer.js';
import { NullStore } from './null-store.js';
import { purchaseApp } from './purchase-app.js';
import { purchaseLogs, purchasePartitions } from './purchase-logs.js';
import { type Spread, shownSpread, spreadOf } from './spread.js';

const purchasesPerRound = 209_000;
const targetNs = 500;

interface Contestant {
  readonly what: string;
  run(logs: readonly NullLog[], producer: NullProducer, store: NullStore<MaskedPurchase>): Promise<void>;
}

const contestants = {
  bare: {
    what: 'one loop by hand: decode and validate, mask, project, keys, partitions, encode, documents',
    run: (logs, producer, store) => bareLoop('transactions', logs, producer, store),
  },
  app: {
    what: 'demos/purchases/topology.ts in createApp: the same, and views, leases, guard, windows, ordered commits',
    run: purchaseApp,
  },
} satisfies Record<string, Contestant>;

type Name = keyof typeof contestants;
const names: readonly Name[] = ['bare', 'app'];

interface Round {
  readonly cpuNs: number;
  readonly wallNs: number;
  readonly outputs: Readonly<Record<string, Output>>;
}

/** The two in turn, in one process: what the library costs above the work that nobody gets around. */
export async function measureOverhead({ rounds }: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const partitions = await purchasePartitions();
  const play = async (name: Name, checking: boolean): Promise<Round> => {
    const logs = purchaseLogs(partitions, purchasesPerRound);
    const producer = new NullProducer(logs.length, checking);
    const store = new NullStore<MaskedPurchase>({ checking });
    const purchases = logs.reduce((sum, log) => sum + log.count, 0);
    const wallFrom = performance.now();
    const cpuFrom = cpuNs();
    await contestants[name].run(logs, producer, store);
    return {
      cpuNs: (cpuNs() - cpuFrom) / purchases,
      wallNs: ((performance.now() - wallFrom) * 1e6) / purchases,
      outputs: { ...producer.written(), history: store.written() },
    };
  };

  tell('overhead: comparing the outputs');
  const expected = (await play('bare', true)).outputs;
  requireSame(expected, (await play('app', true)).outputs);

  const measured: Record<Name, Round[]> = { bare: [], app: [] };
  for (let round = -1; round < rounds; round++) {
    // A B, B A, A B …: neither always runs in the other's wake.
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      tell(`overhead: ${name}, round ${round + 1} of ${rounds}`);
      const figures = await play(name, false);
      if (round >= 0) measured[name].push(figures);
      for (const [topic, { records, bytes }] of Object.entries(figures.outputs)) {
        if (
          records !== expected[topic]?.records ||
          (topic !== 'history' && bytes !== expected[topic]?.bytes)
        ) {
          throw new Error(`'${name}' wrote other records to ${topic} than in the round that was compared`);
        }
      }
    }
  }

  const cpu = spreadsOf(measured, round => round.cpuNs);
  const wall = spreadsOf(measured, round => round.wallNs);
  const row = (what: string, cpuSpread: Spread, wallSpread: Spread): string =>
    `  ${what.padEnd(11)} ${shownSpread(cpuSpread).padEnd(24)} ${shownSpread(wallSpread)}`;
  const { records } = expected['history'] ?? { records: 0 };
  return {
    lines: [
      `${records.toLocaleString('en-US')} purchases a round, ${rounds} rounds of each in turn, one process, null driver and store`,
      ...names.map(name => `  ${name.padEnd(11)} ${contestants[name].what}`),
      `ns a purchase, median (min–max)`,
      `  ${''.padEnd(11)} ${'CPU, all threads'.padEnd(24)} wall`,
      ...names.map(name => row(name, cpu[name], wall[name])),
      row('difference', cpu.difference, wall.difference),
      `outputs: the same ${Object.keys(expected).length} in both, by count and CRC-32`,
    ],
    verdict: `the library costs ${cpu.difference.median.toFixed(0)} ns of CPU a purchase above the bare loop, target ${targetNs}`,
    pass: cpu.difference.median <= targetNs,
    figures: { targetNs, purchases: records, cpuNs: cpu, wallNs: wall, outputs: expected },
  };
}

/** The difference is taken in each pair of rounds, and its median then. */
function spreadsOf(
  { bare, app }: Record<Name, readonly Round[]>,
  figure: (round: Round) => number,
): Record<Name | 'difference', Spread> {
  const difference = app.map((round, i) => figure(round) - figure(bare[i] ?? round));
  return {
    bare: spreadOf(bare.map(figure)),
    app: spreadOf(app.map(figure)),
    difference: spreadOf(difference),
  };
}

function requireSame(bare: Readonly<Record<string, Output>>, app: Readonly<Record<string, Output>>): void {
  for (const [topic, output] of Object.entries(bare)) {
    if (JSON.stringify(output) !== JSON.stringify(app[topic])) {
      throw new Error(`The outputs differ in ${topic}: ${JSON.stringify({ bare: output, app: app[topic] })}`);
    }
  }
}
