/** One run from start to verdict: brokers, app, load, faults one by one, healing, drain, final read. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { drawsFrom } from '../../demos/purchases/draws.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { freePorts } from '../kafka/ports.js';
import type { ChaosArguments } from './arguments.js';
import { ChangingTopics } from './changing-topics.js';
import { type Evidence, type FaultRecord, outputTopics, type StopRecord } from './evidence.js';
import { lettersTopic } from './exactly-once/acceptance-topics.js';
import { Witness } from './exactly-once/witness.js';
import type { World } from './fault.js';
import { LoadGenerator, type LoadOptions } from './load-generator.js';
import { Member } from './member.js';
import { type Guarantee, groupId, inputTopic } from './messages.js';
import { OffsetSampler } from './offset-sampler.js';
import { nameOf, type Step } from './plan.js';
import { TcpProxy } from './proxy.js';
import { changingOffsets, readRemains } from './remains.js';
import { partitionsAtFirst, TopicAdmin } from './topic-admin.js';
import { progressSince, workInFlight } from './waits.js';

const stopDeadlineMs = 10_000;
/** What the closing behind the drain may add under exactly once: units whose coordinator does not answer are rolled back for so long. */
const rollBackMs = 3_000;
const readyMs = 60_000;
const drainMs = 60_000;
/** For so long what a killed process left open may hold readers: until its successor is there, as after every other fault. */
const heldBoundMs = 30_000;
/** Open transactions of stopped members would be over by then. */
const restMs = 5_000;
/** Of poison one in 101, so that each partition has some. */
const loads: Readonly<Record<Guarantee, LoadOptions>> = {
  'at-least-once': {},
  'exactly-once': { keysPerPartition: 20_000 / partitionsAtFirst, poisonEvery: 101 },
};
/** From the injection of a fault to the stop of a member during it. */
const intoFaultMs = 200;

/** @param narrate told of each step and of what happens in the members, as it happens */
export async function runChaos(
  request: ChaosArguments,
  plan: readonly Step[],
  narrate: (line: string) => void,
): Promise<Evidence> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-chaos-'));
  const ports = await freePorts(request.nodes);
  const proxies = ports.map(port => new TcpProxy(port));
  const advertised = proxies.map(({ address }) => address);
  const cluster = await startCluster({
    nodes: request.nodes,
    listeners: [{ name: 'PROXIED', advertised }],
    // For the leader moves: preferred leaders take over within seconds.
    properties: {
      'leader.imbalance.check.interval.seconds': '5',
      'leader.imbalance.per.broker.percentage': '0',
    },
  });
  const run = new ChaosRun(request, cluster, proxies, folder, narrate);
  try {
    await Promise.all(
      proxies.map((proxy, i) => proxy.open(cluster.nodes[i]?.addresses.extra['PROXIED'] ?? '')),
    );
    return await run.execute(plan);
  } finally {
    await run.abandon();
    for (const proxy of proxies) proxy.close();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class ChaosRun {
  readonly #all = new Map<string, Member>();
  readonly #stops: StopRecord[] = [];
  readonly #faults: FaultRecord[] = [];
  readonly #rejections: string[] = [];
  readonly #topics: TopicAdmin;
  readonly #changing: ChangingTopics;
  readonly #sampler: OffsetSampler;
  readonly #load: LoadGenerator;
  /** Under exactly once. */
  readonly #witness: Witness | undefined;
  readonly #from = Date.now();

  constructor(
    private readonly request: ChaosArguments,
    private readonly cluster: KafkaCluster,
    private readonly proxies: readonly TcpProxy[],
    private readonly folder: string,
    private readonly narrate: (line: string) => void,
  ) {
    this.#topics = new TopicAdmin(cluster.brokers, request.nodes);
    this.#changing = new ChangingTopics(cluster.brokers, this.#topics);
    this.#sampler = new OffsetSampler(cluster.brokers);
    this.#load = new LoadGenerator(
      ...([cluster.brokers, partitionsAtFirst, request.rate, loads[request.guarantee]] as const),
    );
    if (request.guarantee === 'exactly-once')
      this.#witness = new Witness({
        ...{ brokers: cluster.brokers, group: groupId, input: inputTopic, outputs: outputTopics },
        ...{ partitions: partitionsAtFirst, letters: lettersTopic, heldBoundMs },
      });
  }

  async execute(plan: readonly Step[]): Promise<Evidence> {
    await this.#topics.create();
    await this.#changing.create();
    const members = Array.from({ length: this.request.members }, (_, i) => this.#member(`member-${i + 1}`));
    for (const member of members) member.start();
    for (const member of members) await member.requireReady(readyMs);
    // A start at the end is looked up after the partitions were given: nothing is there by then.
    await delay(2_000);
    this.#witness?.follow();
    await this.#load.start();
    this.#changing.start();
    this.#sampler.start();
    await delay(2_000);
    for (const step of plan) await this.#inject(step, members);
    return this.#conclude(members);
  }

  async abandon(): Promise<void> {
    await this.#load.stop();
    await this.#changing.stop();
    await this.#sampler.stop();
    await this.#witness?.close();
    for (const member of this.#all.values()) member.signal('SIGCONT');
    await Promise.all([...this.#all.values()].map(member => member.kill()));
  }

  async #inject(step: Step, members: readonly Member[]): Promise<void> {
    const { fault, stopDuring, restMs } = step;
    const name = nameOf(step);
    const world = this.#world(step, members);
    await delay(restMs);
    const inFlight = await workInFlight(members, this.#load, this.request.rate);
    const injectedMs = Date.now();
    this.#tell(`fault ${name}, ${inFlight} records in flight`);
    const injecting = fault.inject(world);
    // In the midst of it: some faults are over when their injection is.
    const stopping = stopDuring ? delay(intoFaultMs).then(() => this.#stopLast(members, name)) : undefined;
    await injecting;
    await delay(fault.holdMs);
    await fault.heal(world);
    const healedMs = Date.now();
    const base = this.#sampler.latest?.committed ?? new Map<number, number>();
    this.#tell(`healed ${name}`);
    const stopped = await stopping;
    stopped?.start();
    for (const member of members) member.start();
    const progress = await progressSince(base, this.#sampler);
    this.#faults.push({
      name,
      graceful: fault.graceful === true,
      standstillMs: fault.standstillMs,
      inFlight,
      injectedMs,
      healedMs,
      progressMs: progress,
    });
    this.#tell(`progress ${progress === undefined ? 'never' : `after ${progress - healedMs} ms`}`);
    await Promise.all(members.map(member => member.untilReady(readyMs)));
  }

  async #stopLast(members: readonly Member[], during: string): Promise<Member | undefined> {
    const member = members.at(-1);
    if (member !== undefined) await this.#stop(member, during);
    return member;
  }

  async #conclude(members: readonly Member[]): Promise<Evidence> {
    this.#tell('load ends, draining');
    await this.#load.stop();
    await this.#changing.stop();
    const ends = await this.#topics.ends();
    const until = Date.now() + drainMs;
    const behind = (): boolean =>
      [...ends].some(([p, end]) => end > 0 && this.#sampler.latest?.committed.get(p) !== end);
    while (behind() && Date.now() < until) await delay(100);
    const caughtUp = async (): Promise<boolean> =>
      (await changingOffsets(this.#topics, this.#changing)).every(
        ({ offset, end }) => offset === end || end === 0,
      );
    while (!(await caughtUp()) && Date.now() < until) await delay(500);
    await Promise.all(members.map(member => this.#stop(member, 'the end')));
    const drained = { committed: this.#sampler.latest?.committed ?? new Map<number, number>(), ends };
    await this.#sampler.stop();

    this.#tell('final read');
    const exactlyOnce = await this.#witness?.conclude(restMs);
    const all = [...this.#all.values()];
    const { commits, ...left } = await readRemains(
      this.cluster.brokers,
      { admin: this.#topics, changing: this.#changing },
      all.map(member => member.folder),
    );
    return {
      inputs: this.#load.inputs.filter(({ poison }) => !poison),
      ...left,
      samples: [...this.#sampler.samples, ...commits],
      faults: this.#faults,
      stops: this.#stops,
      rejections: this.#rejections,
      peakRssMb: Math.max(...all.map(member => member.peakRssMb)),
      drained,
      exactlyOnce,
    };
  }

  #world({ seed }: Step, members: readonly Member[]): World {
    return {
      nodes: this.cluster.nodes,
      proxies: this.proxies,
      topics: this.#topics,
      changing: this.#changing,
      load: this.#load,
      sampler: this.#sampler,
      draw: drawsFrom(seed),
      members,
      extra: name => this.#member(name),
      stop: (member, during) => this.#stop(member, during),
    };
  }

  async #stop(member: Member, during: string): Promise<void> {
    if (!member.running) return;
    const { deadlineMs, tookMs } = await member.stop(stopDeadlineMs);
    const closingMs = this.request.guarantee === 'exactly-once' ? rollBackMs : 0;
    this.#stops.push({ member: member.name, during, deadlineMs: deadlineMs + closingMs, tookMs });
    this.#tell(`${member.name} stopped in ${tookMs} ms`);
  }

  #member(name: string): Member {
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    const brokers = this.proxies.map(({ address }) => address);
    const { bug, path, guarantee } = this.request;
    const member = new Member({
      name,
      task: { brokers, folder: join(this.folder, name), bug, path, guarantee },
      killed: who => void this.#killed(who),
      event: (who, atMs, text) => this.#tell(`${who}: ${text}`, atMs),
      rejection: text => {
        this.#rejections.push(text);
        this.#tell(text);
      },
    });
    this.#all.set(name, member);
    return member;
  }

  async #killed(member: string): Promise<void> {
    try {
      await this.#witness?.killed(member);
    } catch {
      this.#tell(`nobody saw whether ${member} left a transaction open`);
    }
  }

  #tell(text: string, atMs = Date.now()): void {
    this.narrate(`${((atMs - this.#from) / 1000).toFixed(2).padStart(7)} ${text}`);
  }
}
