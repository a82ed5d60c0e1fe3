import { join } from 'node:path';
import { run } from '../../spec/kafka/run.js';
import { compileStreams, type StreamsProgram, streamsCommand } from '../../spec/kafka/streams-program.js';
import { compileInto } from './compiled.js';
import type { PeerName } from './peer-names.js';

/** One program in kafka-rx, one in Kafka Streams, which do the same. */
export interface PairSources {
  /** From bench on, without its suffix. */
  readonly own: string;
  /** The class, and its sources from the root of the repository on. */
  readonly streams: { readonly name: string; readonly sources: readonly string[] };
}

export type PairName = 'kafka-rx' | Extract<PeerName, 'kafka-streams'>;

export interface Pair {
  readonly names: readonly PairName[];
  /** One line for each that cannot run here. */
  readonly missing: readonly string[];
  /** Runs one in a process of its own; gives what it prints as JSON in its last line. Rejects with what it said when it fails. */
  run<T>(name: PairName, plan: object): Promise<T>;
}

/** States of a million keys have to fit; Node takes as much as it needs. */
const heapMib = 2_048;
/** As in contestants.ts. */
const nodeFlags = ['--max-semi-space-size=32', '--max-old-space-size=8192'];
const timeoutMs = 3_600_000;

/**
 * Makes both ready to be started, in `folder`.
 *
 * @param asked the peers to run; undefined: Kafka Streams, if it can
 * @throws when it was asked for and cannot run
 */
export async function preparePair(
  folder: string,
  asked: readonly PeerName[] | undefined,
  { own, streams: { name, sources } }: PairSources,
): Promise<Pair> {
  process.env['NODE_ENV'] = 'production';
  const js = join(folder, 'js');
  await compileInto(js);
  const missing: string[] = [];
  let streams: StreamsProgram | undefined;
  if (asked === undefined || asked.includes('kafka-streams')) {
    try {
      streams = await compileStreams(join(folder, 'java'), sources);
    } catch (error) {
      const why = `kafka-streams cannot run: ${error instanceof Error ? error.message : String(error)}`;
      if (asked !== undefined) throw new Error(why, { cause: error });
      missing.push(why);
    }
  }
  return {
    names: streams === undefined ? ['kafka-rx'] : ['kafka-rx', 'kafka-streams'],
    missing,
    async run<T>(who: PairName, plan: object): Promise<T> {
      const [command, ...args] =
        who === 'kafka-streams' && streams !== undefined
          ? streamsCommand(streams, name, heapMib)
          : [process.execPath, ...nodeFlags, join(js, 'bench', `${own}.js`)];
      const { code, stdout, stderr } = await run(command, [...args, JSON.stringify(plan)], timeoutMs);
      if (code !== 0) {
        process.stderr.write(stderr);
        throw new Error(`${who} failed (${code ?? 'killed'}); what it said is above`);
      }
      // The contestant wrote it, of this version.
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
    },
  };
}
