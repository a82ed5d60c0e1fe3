import { join } from 'node:path';
import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { type BenchBroker, withBenchBroker } from '../flow/bench-broker.js';
import { type Contestants, prepareContestants } from '../peers/contestants.js';
import type { ContestantName } from '../peers/peer-names.js';
import { outputTopics, type Plan } from '../peers/plan.js';
import { reportOf } from '../report-of.js';
import { latencyVerdictOf, type MeasuredLatency } from './latency-verdict.js';
import type { LoadPlan, LoadReport } from './load-plan.js';

const partitions = 4;
const fastest = 10_000;
const rates = [1000, fastest] as const;
const brokerWarmUps = 3;
/** The JVM and V8 have compiled what there is to compile. */
const warmUpSeconds = 10;
const measuredSeconds = 10;
const timeoutMs = 300_000;

/**
 * From the time at which a purchase is due in `transactions` until its output is read from `purchases`, at a steady rate, with the
 * whole topology in between. Reads nothing back: the generator ends when every purchase has come out.
 */
export async function measureLatency({ rounds, peers }: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  return withBenchBroker(async broker => {
    const contestants = await prepareContestants(broker.folder, peers);
    const cases = rates.flatMap(perSecond =>
      contestants.names.flatMap(name => tuningsOf(name).map(tuning => ({ name, tuning, perSecond }))),
    );
    const measured = cases.map(each => ({ ...each, reports: [] as LoadReport[] }));
    // The broker compiles too, for about a minute; whoever came first would wait for it.
    for (let round = 1; round <= brokerWarmUps; round++) {
      tell(`latency: warming up the broker, ${round} of ${brokerWarmUps}`);
      await play(broker, contestants, { name: 'kafka-rx', tuning: 'latency', perSecond: fastest }, -round);
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { reports, ...each } of measured) {
        tell(
          `latency: ${each.name} at ${each.perSecond.toLocaleString('en-US')}/s, round ${round} of ${rounds}`,
        );
        reports.push(await play(broker, contestants, each, round));
      }
    }
    const { lines, ...outcome } = latencyVerdictOf(measured);
    return {
      ...outcome,
      lines: [
        `ms from a purchase's due time to its output in a reader's hands, ${partitions} partitions, acks=all everywhere; ${measuredSeconds} s after ${warmUpSeconds} s of warm-up`,
        `median (min–max) of ${rounds} rounds; late: by how much the generator itself was late at worst; written: p99 until acknowledged in the input, without the contestant`,
        ...contestants.missing,
        ...lines,
      ],
    };
  });
}

/** Kafka Streams gathers for 100 ms unless it is told otherwise: shown both ways. */
function tuningsOf(name: ContestantName): readonly Plan['tuning'][] {
  return name === 'kafka-streams' ? ['latency', 'as-it-comes'] : ['latency'];
}

async function play(
  broker: BenchBroker,
  contestants: Contestants,
  { name, tuning, perSecond }: Omit<MeasuredLatency, 'reports'>,
  round: number,
): Promise<LoadReport> {
  const plan = {
    ...{
      brokers: broker.brokers,
      input: 'transactions',
      group: `latency-${name}-${tuning}-${perSecond}-${round}`,
    },
    ...{ records: perSecond * (warmUpSeconds + measuredSeconds), warmUp: perSecond * warmUpSeconds },
  };
  await broker.freshTopics(['transactions', ...outputTopics], partitions);
  const contestant = contestants.run(name, { ...plan, tuning });
  // When the contestant fails, the load would wait for ever for what does not come.
  const report = await Promise.race([load(broker, { ...plan, perSecond }), contestant.then(never)]);
  await contestant;
  return report;
}

/** A contestant that ends well leaves the verdict to the load, which may still be reading. */
function never(): Promise<never> {
  return new Promise(() => {});
}

function load(broker: BenchBroker, plan: LoadPlan): Promise<LoadReport> {
  const program = join(broker.folder, 'js', 'bench', 'latency', 'load.js');
  return reportOf<LoadReport>('the load generator', [program, JSON.stringify(plan)], timeoutMs);
}
