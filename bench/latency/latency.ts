import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { withBenchBroker } from '../flow/bench-broker.js';
import { prepareContestants } from '../peers/contestants.js';
import type { ContestantName } from '../peers/peer-names.js';
import type { Plan } from '../peers/plan.js';
import { latencyVerdictOf } from './latency-verdict.js';
import type { LoadReport } from './load-plan.js';
import { measuredSeconds, playLoad, warmUpSeconds } from './play-load.js';

const partitions = 4;
const fastest = 10_000;
const rates = [1000, fastest] as const;
const brokerWarmUps = 3;

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
    const play = (each: (typeof cases)[number], round: number): Promise<LoadReport> =>
      playLoad(broker, contestants, {
        ...{ ...each, partitions },
        group: `latency-${each.name}-${each.tuning}-${each.perSecond}-${round}`,
      });
    const measured = cases.map(each => ({ ...each, reports: [] as LoadReport[] }));
    // The broker compiles too, for about a minute; whoever came first would wait for it.
    for (let round = 1; round <= brokerWarmUps; round++) {
      tell(`latency: warming up the broker, ${round} of ${brokerWarmUps}`);
      await play({ name: 'kafka-rx', tuning: 'latency', perSecond: fastest }, -round);
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { reports, ...each } of measured) {
        tell(
          `latency: ${each.name} at ${each.perSecond.toLocaleString('en-US')}/s, round ${round} of ${rounds}`,
        );
        reports.push(await play(each, round));
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
