import type { MemoryBroker } from '../../drivers/memory/index.js';
import type { TopicPartition } from '../../drivers/port.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { Disturbed } from './disturbances.js';
import type { FaultKind, FaultProfile } from './profile.js';
import { refusedCommit } from './refused-commit.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { Actor, World } from './world.js';

export interface FaultActionsParts {
  readonly world: World;
  readonly outside: Actor;
  readonly broker: MemoryBroker;
  readonly groupId: string;
  readonly profile: FaultProfile;
  readonly processes: readonly SimulatedProcess[];
  /** Topics that the workload is written to. */
  readonly inputs: readonly string[];
  /** Those of them that must have as many partitions as each other. */
  readonly coPartitioned: readonly (readonly string[])[];
  /** Those of them that may be gone for a while. */
  readonly passing: readonly string[];
  /** Crashes between steps. */
  readonly mostCrashes: number;
  readonly mark: (name: string) => void;
  /** Nobody is to complain of slowness for so long. */
  readonly disturbed: (what: Disturbed, forMs: number, who?: string) => void;
  /** Topics or partitions have come or gone. */
  readonly topicsChanged: () => void;
  /** What lies on disks is gone. */
  readonly losingDisks: () => void;
  /** The topic's records and partitions are about to go; it comes back empty. */
  readonly recreating: (topic: string) => void;
  /** Records from one offset to another (exclusive) are about to go. */
  readonly deleting: (at: TopicPartition, from: number, to: number) => void;
}

const mostPartitions = 6;

/** Virtual milliseconds that a topic which is deleted stays away: longer than a commit is tried. */
const leastDeletedMs = 10_000;
const mostDeletedMs = 60_000;

/** What is done to the system from outside, at each step as the profile has it. */
export class FaultActions {
  readonly #parts: FaultActionsParts;
  #healed = false;
  #down = false;
  #crashes = 0;
  /** Topics that are away, with their partitions. */
  readonly #gone = new Map<string, number>();

  constructor(parts: FaultActionsParts) {
    this.#parts = parts;
  }

  /** Before a step. */
  maybe(): void {
    if (this.#healed) return;
    const { processes, world, profile, mostCrashes } = this.#parts;
    for (const process of processes) {
      const sinceMs = world.timeMs - process.changedAtMs;
      if (process.state === 'down') continue;
      if (sinceMs < profile.leastUpMs) continue;
      if (this.#crashes < mostCrashes && this.#happens('crash')) {
        this.#crashes++;
        this.#mark(process.state === 'stopped' ? 'crash of a stopped process' : 'crash');
        process.crash();
        this.restart(process);
      } else if (process.state !== 'running') continue;
      else if (this.#happens('stop')) this.#stop(process);
      else if (!process.isTerminating && this.#happens('terminate')) {
        this.#mark('terminated');
        process.terminate();
      }
    }
    this.#brokerFaults();
    this.#topicFaults();
  }

  /** Starts again what is down, when its time has come. */
  restart(process: SimulatedProcess): void {
    const { world, outside, profile } = this.#parts;
    const downMs = this.#healed ? 1 : profile.leastDownMs + world.choices.size('down ms', 10_000);
    world.clockOf(outside).schedule(() => {
      if (process.state !== 'down') return;
      this.#maybeLoseDisks();
      process.start();
    }, downMs);
  }

  /** No fault any more, and none that lasts. */
  heal(): void {
    const { broker, processes } = this.#parts;
    this.#healed = true;
    this.#down = false;
    broker.faults.up();
    broker.faults.clear();
    for (const topic of [...this.#gone.keys()]) this.#bringBack(topic);
    for (const process of processes) {
      if (process.state === 'stopped') process.resume();
      else if (process.state === 'down') process.start();
    }
  }

  #happens(kind: FaultKind): boolean {
    const { world, profile } = this.#parts;
    const rate = profile.rates[kind];
    return rate > 0 && world.choices.happens(kind, rate);
  }

  #mark(name: string): void {
    this.#parts.mark(name);
  }

  #later(ms: number, task: () => void): void {
    const { world, outside } = this.#parts;
    world.clockOf(outside).schedule(() => {
      if (!this.#healed) task();
    }, ms);
  }

  #stop(process: SimulatedProcess): void {
    const { world, profile } = this.#parts;
    const ms = world.choices.size('stopped ms', Math.round(profile.mostStoppedMs));
    this.#mark(ms > 30_000 ? 'stopped beyond the session' : 'stopped');
    process.stop();
    this.#parts.disturbed('process', ms, process.name);
    this.#later(ms, () => process.resume());
  }

  #brokerFaults(): void {
    const { world, broker, groupId, disturbed } = this.#parts;
    const { choices } = world;
    if (this.#happens('lose-partitions')) {
      const members = broker.members(groupId);
      const member = members[choices.pick('member', members.length)];
      if (member !== undefined) {
        const knows = choices.pick('hears of it', 2) === 0;
        this.#mark(knows ? 'partitions lost' : 'session expired unheard');
        if (knows) broker.faults.losePartitions(member.memberId);
        else broker.faults.expireSession(member.memberId);
      }
    }
    if (this.#happens('rebalance')) {
      this.#mark('rebalance');
      broker.faults.rebalance(groupId);
    }
    if (!this.#down && this.#happens('outage')) {
      this.#mark('outage');
      this.#down = true;
      broker.faults.down();
      const downMs = choices.size('outage ms', 60_000);
      disturbed('commits', downMs);
      this.#later(downMs, () => {
        this.#down = false;
        broker.faults.up();
      });
    }
    if (this.#happens('refused-commits')) {
      this.#mark('commits refused');
      broker.faults.refuseCommits(1 + choices.pick('commits', 3), refusedCommit);
    }
    if (this.#happens('failed-produce')) {
      this.#mark('produce failed');
      disturbed('produce', 0);
      broker.faults.failProduce(1 + choices.pick('requests', 5), overloaded());
    }
    if (this.#happens('late-acknowledgements')) {
      this.#mark('late acknowledgements');
      const delayMs = choices.size('acknowledged after ms', 20_000);
      const forMs = choices.size('late for ms', 20_000);
      broker.faults.delayAcknowledgements(delayMs);
      disturbed('produce', delayMs + forMs);
      this.#later(forMs, () => broker.faults.delayAcknowledgements(0));
    }
  }

  #topicFaults(): void {
    const { world, broker, passing, topicsChanged } = this.#parts;
    const { choices } = world;
    if (this.#happens('partitions-added')) {
      const name = this.#anyInput();
      const count = broker.cluster.partitionCount(name);
      if (count > 0 && count < mostPartitions) {
        this.#mark('partitions added');
        for (const one of this.#together(name)) {
          if (this.#gone.has(one)) this.#gone.set(one, count + 1);
          else broker.addPartitions(one, count + 1);
        }
        topicsChanged();
      }
    }
    if (this.#happens('topic-recreated')) {
      const name = this.#anyInput();
      const count = broker.cluster.partitionCount(name);
      if (count > 0) {
        this.#mark('topic recreated');
        this.#takeAway(name, count, choices.size('gone ms', 5_000));
      }
    }
    if (passing.length > 0 && this.#happens('topic-deleted')) {
      const name = passing[choices.pick('topic that passes', passing.length)] ?? '';
      const count = broker.cluster.partitionCount(name);
      if (count > 0) {
        this.#mark('topic deleted');
        const goneMs = leastDeletedMs + choices.size('deleted ms', mostDeletedMs - leastDeletedMs);
        this.#takeAway(name, count, goneMs);
      }
    }
    if (this.#happens('retention')) this.#retention();
    if (this.#happens('compaction')) this.#compaction();
  }

  #retention(): void {
    const { world, broker, groupId, deleting } = this.#parts;
    const { choices } = world;
    const at = this.#anyPartition();
    if (at === undefined) return;
    const committed = broker.committed(groupId, at.topic)[at.partition] ?? -1;
    const end = broker.endOffsets(at.topic)[at.partition] ?? 0;
    const unread = choices.pick('retention beyond what is committed', 4) === 1;
    const below = unread ? Math.min(end, Math.max(committed, 0) + 1 + choices.pick('records', 5)) : committed;
    if (below <= 0) return;
    this.#mark(unread ? 'unread records expired' : 'records expired');
    deleting(at, 0, below);
    broker.deleteRecords(at, below);
  }

  /** Some records in a row go and their offsets stay; at the end, as where tombstones were the last and have been cleaned, or before it. */
  #compaction(): void {
    const { world, broker, coPartitioned, deleting } = this.#parts;
    const { choices } = world;
    const at = this.#anyPartition();
    if (at === undefined) return;
    const end = broker.endOffsets(at.topic)[at.partition] ?? 0;
    if (end === 0) return;
    const from = Math.max(0, end - 1 - choices.pick('compacted from the end', 8));
    const isTail = choices.pick('compacted before the end', 2) === 0;
    const to = isTail ? end : from + 1;
    if (
      !broker
        .records(at.topic)
        .some(one => one.partition === at.partition && one.offset >= from && one.offset < to)
    )
      return;
    this.#mark(to === end ? 'records at the end compacted' : 'records compacted');
    if (to === end && coPartitioned.flat().includes(at.topic))
      this.#mark('task: records at the end of an input compacted');
    deleting(at, from, to);
    broker.punchGap(at, from, to);
  }

  #anyPartition(): TopicPartition | undefined {
    const { world, broker } = this.#parts;
    const topic = this.#anyInput();
    const count = broker.cluster.partitionCount(topic);
    return count === 0 ? undefined : { topic, partition: world.choices.pick('partition', count) };
  }

  #anyInput(): string {
    const { world, inputs } = this.#parts;
    return inputs[world.choices.pick('topic', inputs.length)] ?? '';
  }

  /** A topic, and those that must have as many partitions. */
  #together(topic: string): readonly string[] {
    return this.#parts.coPartitioned.find(group => group.includes(topic)) ?? [topic];
  }

  /** For so long, or until all is healed: without its topic no app can start. */
  #takeAway(topic: string, partitions: number, goneMs: number): void {
    const { broker, recreating, topicsChanged } = this.#parts;
    recreating(topic);
    broker.deleteTopic(topic);
    topicsChanged();
    this.#gone.set(topic, partitions);
    if (goneMs === 0) this.#bringBack(topic);
    else this.#later(goneMs, () => this.#bringBack(topic));
  }

  #bringBack(topic: string): void {
    const count = this.#gone.get(topic);
    if (count === undefined) return;
    this.#gone.delete(topic);
    this.#parts.broker.createTopic(topic, count);
    this.#parts.topicsChanged();
  }

  /** Only where nobody has them open, and nothing is on its way that was sent by who had. */
  #maybeLoseDisks(): void {
    const { processes, losingDisks } = this.#parts;
    if (this.#healed || !processes.every(({ state, quiet }) => state === 'down' && quiet)) return;
    if (!this.#happens('lost-disk')) return;
    this.#mark('disks lost');
    losingDisks();
  }
}

function overloaded(): KafkaRxError {
  return new KafkaRxError('UNREACHABLE', 'The leader does not answer', {
    remedy: 'The simulation says so; try again.',
    retriable: true,
  });
}
