import { join } from 'node:path';
import { run } from '../../spec/kafka/run.js';
import { compileStreams, type StreamsProgram, streamsCommand } from '../../spec/kafka/streams-program.js';
import { compileInto } from './compiled.js';
import { type ContestantName, type PeerName, peerNames } from './peer-names.js';
import type { Plan, Report } from './plan.js';

export const aboutContestants: Readonly<Record<ContestantName, string>> = {
  'kafka-rx': 'demos/purchases/topology.ts in createApp, driver kafkajs, a store that forgets; compiled ESM',
  'raw-kafkajs': 'kafkajs 2.2.4, eachBatch and sendBatch by hand, no validation',
  platformatic: '@platformatic/kafka 1.35.0, stream and send by hand, no validation',
  'kafka-streams': 'Kafka Streams 4.3.1, DSL, one stream thread, Jackson',
};

export interface Contestants {
  readonly names: readonly ContestantName[];
  /** One line for each peer that cannot run here. */
  readonly missing: readonly string[];
  /** Runs one in a process of its own, to the end of the plan. Rejects with what it said when it fails. */
  run(name: ContestantName, plan: Plan): Promise<Report>;
}

/**
 * For all that run on Node alike, as the JVM has its heap and its collector: what is under way, some ten thousand records, is
 * twice the young generation that Node takes by itself.
 */
const nodeFlags: Readonly<Record<Plan['tuning'], readonly string[]>> = {
  throughput: ['--max-semi-space-size=32'],
  latency: [],
  'as-it-comes': [],
};

const timeoutMs = 900_000;
const streamsSources = [
  'bench/peers/KafkaStreamsPurchases.java',
  'bench/peers/CommitMeter.java',
  'bench/peers/StreamsRun.java',
];

/**
 * Makes kafka-rx and the peers ready to be started, in `folder`.
 *
 * @param asked the peers to run; undefined: all of `among` that can
 * @throws when one that was asked for cannot run
 */
export async function prepareContestants(
  folder: string,
  asked: readonly PeerName[] | undefined,
  among: readonly PeerName[] = peerNames,
): Promise<Contestants> {
  // As what is deployed; otherwise kafka-rx freezes records, to find who writes into them.
  process.env['NODE_ENV'] = 'production';
  await compileInto(join(folder, 'js'));
  const names: ContestantName[] = ['kafka-rx'];
  const missing: string[] = [];
  let streams: StreamsProgram | undefined;
  for (const name of asked ?? among) {
    try {
      if (name === 'platformatic') await import('@platformatic/kafka');
      if (name === 'kafka-streams') streams = await compileStreams(join(folder, 'java'), streamsSources);
      names.push(name);
    } catch (error) {
      const why = `${name} cannot run: ${error instanceof Error ? error.message : String(error)}`;
      if (asked !== undefined) throw new Error(why, { cause: error });
      missing.push(why);
    }
  }
  return {
    names,
    missing,
    async run(name, plan) {
      const [command, ...args] =
        name === 'kafka-streams' && streams !== undefined
          ? streamsCommand(streams, 'KafkaStreamsPurchases')
          : [process.execPath, ...nodeFlags[plan.tuning], join(folder, 'js', 'bench', 'peers', `${name}.js`)];
      const { code, stdout, stderr } = await run(command, [...args, JSON.stringify(plan)], timeoutMs);
      if (code !== 0) {
        process.stderr.write(stderr);
        throw new Error(`${name} failed (${code ?? 'killed'}); what it said is above`);
      }
      // The contestant wrote it, of this version.
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report;
    },
  };
}
