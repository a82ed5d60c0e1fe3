/**
 * The purchases command as people run it, each in a process group of its own, on a real Kafka under a steady load, judged by
 * what lies in the topics afterwards. Load, admin and reading are kafkajs's, not the library's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'kafka-rx/lmdb';
import { historyOptions } from '../../demos/purchases/topology.js';
import { outputTopics } from '../chaos/evidence.js';
import { readTopics } from '../chaos/final-read.js';
import { LoadGenerator } from '../chaos/load-generator.js';
import { groupId, inputTopic } from '../chaos/messages.js';
import { OffsetSampler } from '../chaos/offset-sampler.js';
import { partitionsAtFirst, TopicAdmin } from '../chaos/topic-admin.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { until } from './until.js';

/** Ten rounds at 5,000 inputs a second instead of CI's few at 1,000: `KAFKA_RX_TRIALS=long npx jest -c jest.broker.config.mjs …`. */
export const long = process.env['KAFKA_RX_TRIALS'] === 'long';
export const perSecond = long ? 5_000 : 1_000;

const patience = { withinMs: 60_000, everyMs: 100 };

/** The command under npm, which runs it by `exec`. */
export const underNpm = ['npm', 'run', '--silent', 'purchases', '--'] as const;

/** One run of the command. */
export interface Member {
  readonly pid: number;
  readonly child: ChildProcess;
  /** To every process of its group: npm and node. */
  signal(signal: NodeJS.Signals): void;
  /** Its exit code, or what ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** Both streams, so far. */
  output(): string;
}

/** What lies in the topics and in the store when all has stopped. */
export interface Outcome {
  readonly inputs: number;
  /** Inputs that an output has not. */
  readonly missing: Readonly<Record<string, number>>;
  /** Records that an output has beyond one for each input. */
  readonly repeats: Readonly<Record<string, number>>;
  /** Documents in the store. */
  readonly stored: number;
}

export class PurchaseTrial {
  /** One for all members. */
  readonly store: string;
  readonly #cluster: KafkaCluster;
  readonly #load: LoadGenerator;
  readonly #sampler: OffsetSampler;
  readonly #topics: TopicAdmin;
  readonly #members: Member[] = [];

  private constructor(cluster: KafkaCluster, folder: string) {
    this.#cluster = cluster;
    this.store = folder;
    this.#topics = new TopicAdmin(cluster.brokers, 1);
    this.#load = new LoadGenerator(cluster.brokers, partitionsAtFirst, perSecond);
    this.#sampler = new OffsetSampler(cluster.brokers);
  }

  static async begin(): Promise<PurchaseTrial> {
    const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-trial-'));
    const trial = new PurchaseTrial(await startCluster({ jvm: 'small' }), folder);
    await trial.#topics.create();
    await trial.#topics.ends(); // has leaders
    await trial.#load.start();
    trial.#sampler.start();
    return trial;
  }

  /** Inputs that the brokers have acknowledged. */
  get acknowledged(): number {
    return this.#load.inputs.filter(({ outcome }) => outcome === 'ok').length;
  }

  /** What the group has committed of all partitions. */
  get committed(): number {
    return [...(this.#sampler.latest?.committed.values() ?? [])].reduce(
      (sum, at) => sum + Math.max(at, 0),
      0,
    );
  }

  /** @param words what runs the command: {@link underNpm}, or node itself, with whatever stands before it */
  start(words: (command: readonly string[]) => readonly string[]): Member {
    const options = [
      '--brokers',
      this.#cluster.brokers.join(),
      '--group',
      groupId,
      '--store',
      this.store,
      '--json',
    ];
    const [command = '', ...args] = words(options);
    const child = spawn(command, args, { detached: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += String(data)));
    const pid = child.pid ?? 0;
    const member: Member = {
      pid,
      child,
      signal: signal => void process.kill(-pid, signal),
      ended: new Promise(resolve => child.once('close', (code, signal) => resolve(code ?? signal))),
      output: () => output,
    };
    this.#members.push(member);
    return member;
  }

  /** Resolves when the group has so many members, all of which have their partitions. */
  async settled(members: number): Promise<void> {
    const holds = async () => (await this.#topics.stableMembers()) === members;
    await until(`a group of ${members}`, holds, patience);
  }

  /** The same, and when it has committed something since. */
  async working(members: number): Promise<void> {
    await this.settled(members);
    const from = this.committed;
    await until('commits', () => this.committed > from, patience);
  }

  /** No more inputs; resolves when all there are have been committed. */
  async endLoad(): Promise<void> {
    await this.#load.stop();
    const ends = [...(await this.#topics.ends()).values()].reduce((sum, end) => sum + end, 0);
    await until('everything to be committed', () => this.committed === ends, patience);
  }

  /** Ends the load, waits until everything is committed, ends all members and reads what there is. */
  async conclude(): Promise<Outcome> {
    await this.endLoad();
    await this.#sampler.stop();
    for (const member of this.#members) if (runs(member)) member.signal('SIGTERM');
    await Promise.all(this.#members.map(({ ended }) => ended));
    const { topics } = await readTopics(this.#cluster.brokers, [inputTopic, ...outputTopics]);
    const inputs = topics.get(inputTopic) ?? [];
    const of = (count: (ids: readonly string[]) => number): Record<string, number> =>
      Object.fromEntries(
        outputTopics.map(topic => [topic, count((topics.get(topic) ?? []).map(({ id }) => id))]),
      );
    return {
      inputs: inputs.length,
      missing: of(ids => {
        const present = new Set(ids);
        return inputs.filter(({ id }) => !present.has(id)).length;
      }),
      repeats: of(ids => ids.length - new Set(ids).size),
      stored: await documentsIn(this.store),
    };
  }

  async abandon(): Promise<void> {
    await this.#load.stop();
    await this.#sampler.stop();
    for (const member of this.#members) if (runs(member)) member.signal('SIGKILL');
    await this.#cluster.stop();
    await rm(this.store, { recursive: true, force: true });
  }
}

/** Nothing missing, nothing twice. */
export function wholeAndOnce(inputs: number): Outcome {
  const none = Object.fromEntries(outputTopics.map(topic => [topic, 0]));
  return { inputs, missing: none, repeats: none, stored: inputs };
}

function runs({ child }: Member): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function documentsIn(directory: string): Promise<number> {
  const history = lmdb('history', { ...historyOptions, directory, readOnly: true });
  await history.open();
  const documents = await history.count();
  await history.close();
  return documents;
}
