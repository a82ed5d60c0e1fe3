import type { Draw } from '../../demos/purchases/draws.js';
import type { KafkaNode } from '../kafka/node.js';
import type { ChangingTopics } from './changing-topics.js';
import type { LoadGenerator } from './load-generator.js';
import type { Member } from './member.js';
import type { OffsetSampler } from './offset-sampler.js';
import type { TcpProxy } from './proxy.js';
import type { TopicAdmin } from './topic-admin.js';

/** What faults of brokers, lines and processes act on. */
export interface Surroundings {
  readonly nodes: readonly KafkaNode[];
  readonly proxies: readonly TcpProxy[];
  readonly topics: TopicAdmin;
  /** Of this fault alone, from the seed. */
  readonly draw: Draw;
  /** The members that are there all the time. */
  readonly members: readonly Member[];
}

/** What all faults act on. */
export interface World extends Surroundings {
  readonly changing: ChangingTopics;
  readonly load: LoadGenerator;
  readonly sampler: OffsetSampler;
  /** A further one, made on the first call of this name; stopped unless a fault started it. */
  extra(name: string): Member;
  /** A graceful stop whose duration the checker judges. */
  stop(member: Member, during: string): Promise<void>;
}

export interface Fault<W = World> {
  readonly name: string;
  /** Milliseconds between injecting and healing. */
  readonly holdMs: number;
  /** Must not repeat a record. Default false. */
  readonly graceful?: boolean;
  /** Touches a part of the work only: milliseconds for which the rest may stand still. Default: not judged. */
  readonly standstillMs?: number;
  /** Makes sense on three nodes only. Default false. */
  readonly threeNodes?: boolean;
  /** Makes sense under exactly once only. Default false. */
  readonly ofUnits?: boolean;
  inject(world: W): Promise<void> | void;
  heal(world: W): Promise<void> | void;
}

/** One of several, from the seed. */
export function pick<T>(draw: Draw, all: readonly T[]): T {
  const one = all[Math.floor(draw() * all.length)];
  if (one === undefined) throw new RangeError('nothing to pick from');
  return one;
}

/** Nothing to do: it heals by itself. */
export function byItself(): void {}
