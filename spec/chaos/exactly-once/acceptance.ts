/**
 * The acceptance of exactly once: input is produced throughout, each of the app's processes is killed in turn, brokers, lines and processes
 * are disturbed in between, and in the end what readers of committed records got is held against the input. What it judges is in judge.ts, how
 * it sees it in witness.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { drawsFrom } from '../../../demos/purchases/draws.js';
import { startCluster } from '../../kafka/cluster.js';
import { freePorts } from '../../kafka/ports.js';
import type { NodeCount } from '../../kafka/settings.js';
import { outputTopics } from '../evidence.js';
import { byItself, type Fault, type Surroundings } from '../fault.js';
import { appPause } from '../faults/app-pause.js';
import { brokerKill } from '../faults/broker-kill.js';
import { brokerPause5s } from '../faults/broker-pause.js';
import { coordinatorLoss } from '../faults/coordinator-loss.js';
import { networkCut } from '../faults/network.js';
import { LoadGenerator } from '../load-generator.js';
import { Member } from '../member.js';
import { type Guarantee, groupId, inputTopic } from '../messages.js';
import { planOf } from '../plan.js';
import { TcpProxy } from '../proxy.js';
import { quietKafka } from '../quiet-kafka.js';
import { TopicAdmin } from '../topic-admin.js';
import { acceptanceTopics, lettersTopic, partitions } from './acceptance-topics.js';
import type { ExactlyOnceEvidence } from './evidence.js';
import { Witness } from './witness.js';

export interface AcceptanceOptions {
  /** Of the order of kills and faults, and of their own draws. */
  readonly seed: string;
  /** Each comes once, beside the kills. */
  readonly faults: readonly Fault<Surroundings>[];
  readonly nodes: NodeCount;
  /** In all; the input has each of them again and again. */
  readonly keys: number;
  /** Inputs a second. */
  readonly perSecond: number;
  /** App processes; each is killed once. */
  readonly members: number;
  /** What the app promises: an app that works at least once is there to be refused. */
  readonly guarantee: Guarantee;
}

export interface Acceptance {
  readonly evidence: ExactlyOnceEvidence;
  readonly inputs: number;
  /** Unhandled rejections and uncaught exceptions, with their member. */
  readonly rejections: readonly string[];
}

/** What lasts beyond sessions and requests, and is over within seconds. */
export const faultsOfAcceptance: readonly Fault<Surroundings>[] = [
  brokerKill,
  brokerPause5s,
  coordinatorLoss,
  networkCut,
  appPause,
];

const poisonEvery = 100;
/** Between members that are ready and what comes next: every member has work. */
const workMs = 5_000;
const readyMs = 60_000;
const waitMs = 30_000;
const drainMs = 120_000;
const stopDeadlineMs = 10_000;
/** A fault, the session of a dead member (6 s) and the change of owners: so long what it left open may hold the readers of everybody. */
const heldBoundMs = 30_000;
const atRestMs = 15_000;
/** So short that a plan has every fault once. */
const onceMinutes = 0.01;

/** @param narrate told of each step and of what happens in the members, as it happens */
export async function runAcceptance(
  { seed, faults, nodes, keys, perSecond, members: count, guarantee }: AcceptanceOptions,
  narrate: (line: string) => void,
): Promise<Acceptance> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-acceptance-'));
  const proxies = (await freePorts(nodes)).map(port => new TcpProxy(port));
  const proxied = proxies.map(({ address }) => address);
  const cluster = await startCluster({ nodes, listeners: [{ name: 'PROXIED', advertised: proxied }] });
  const { brokers } = cluster;
  const rejections: string[] = [];
  const killed = new Set<string>();
  const from = Date.now();
  const tell = (text: string, atMs = Date.now()): void =>
    narrate(`${((atMs - from) / 1000).toFixed(2).padStart(7)} ${text}`);
  await createTopics(brokers);
  const load = new LoadGenerator(brokers, partitions, perSecond, {
    ...{ keysPerPartition: Math.ceil(keys / partitions), poisonEvery },
  });
  const witness = new Witness({
    ...{ brokers, group: groupId, input: inputTopic, outputs: outputTopics, partitions },
    ...{ letters: lettersTopic, heldBoundMs },
  });
  const members = Array.from({ length: count }, (_, i) => {
    const name = `member-${i + 1}`;
    return new Member({
      name,
      task: { brokers: proxied, folder: join(folder, name), bug: undefined, path: 'fast', guarantee },
      program: join('spec', 'chaos', 'exactly-once', 'app.ts'),
      event: (who, atMs, text) => tell(`${who}: ${text}`, atMs),
      killed: who => killed.add(who),
      rejection: text => rejections.push(text),
    });
  });
  const kill = (member: Member): Fault<Surroundings> => ({
    name: `kill of ${member.name}`,
    holdMs: 0,
    async inject() {
      await until(`${member.name} had no work`, () => member.inFlight > 0);
      member.order({ order: 'kill-before-commit' });
      await until(`${member.name} did not die`, () => killed.has(member.name));
      await witness.killed(member.name);
    },
    heal: byItself,
  });
  const plan = planOf(seed, [...faults, ...members.map(kill)], false, onceMinutes);
  const topics = new TopicAdmin(brokers, nodes);
  try {
    await Promise.all(
      proxies.map((proxy, i) => proxy.open(cluster.nodes[i]?.addresses.extra['PROXIED'] ?? '')),
    );
    await load.start();
    witness.follow();
    for (const member of members) member.start();
    for (const member of members) await member.requireReady(readyMs);
    for (const { fault, restMs, seed: own } of plan) {
      await delay(workMs + restMs);
      const world = { nodes: cluster.nodes, proxies, topics, members, draw: drawsFrom(own) };
      tell(
        `fault ${fault.name}, ${members.reduce((sum, { inFlight }) => sum + inFlight, 0)} records in flight`,
      );
      await fault.inject(world);
      await delay(fault.holdMs);
      await fault.heal(world);
      tell(`healed ${fault.name}`);
      for (const member of members) await member.requireReady(readyMs);
    }
    await delay(workMs);
    await load.stop();
    tell('load ends, draining');
    if (!(await witness.drained(drainMs, records => tell(`${records} records behind`))))
      tell('not everything was committed');
    for (const member of members) if (member.running) await member.stop(stopDeadlineMs);
    tell('final read');
    return { evidence: await witness.conclude(atRestMs), inputs: load.inputs.length, rejections };
  } finally {
    await load.stop();
    await Promise.all(members.map(member => member.kill()));
    await witness.close();
    for (const proxy of proxies) proxy.close();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function until(otherwise: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + waitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${otherwise} within ${waitMs} ms`);
    await delay(5);
  }
}

async function createTopics(brokers: readonly string[]): Promise<void> {
  const admin = quietKafka(brokers, 30_000).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: acceptanceTopics.map(topic => ({ topic, numPartitions: partitions })),
    });
  } finally {
    await admin.disconnect();
  }
}
