/**
 * Who gets which partition: subscription-aware, co-partitioning, sticky. A pure algorithm, for every driver.
 *
 * Outline:
 * 1. Topics that must share partition numbers, and that the same members may have, form a bundle; every partition
 *    number of a bundle is one task, which moves as a whole.
 * 2. A task stays with the member that had most of it, if that member may still have it.
 * 3. Within each bundle: what nobody has goes to the member with fewest tasks of it, then tasks move from the
 *    fullest to the emptiest until they differ by one at most.
 * 4. Across bundles: the odd tasks (a bundle's `tasks mod members`) move from members with more in total to
 *    members with less, which never undoes step 3.
 *
 * Balance within each bundle comes before the total, so that a busy topic is never held by half of the members
 * while a quiet one evens out the numbers, which Kafka's own sticky assignor permits.
 */
import { compare } from '../base/compare.js';
import { unite } from '../base/unite.js';
import type { TopicPartition } from './port.js';

/** A member as it asks to join. @category Drivers @since 0.1.0 */
export interface AssignorMember {
  readonly memberId: string;
  /** Its subscription. */
  readonly topics: readonly string[];
  /** What it had before; what it may not have any more is ignored. */
  readonly owned: readonly TopicPartition[];
}

/** What is to be assigned, and to whom. @category Drivers @since 0.1.0 */
export interface AssignorInput {
  readonly members: readonly AssignorMember[];
  /** Partitions of each topic; a topic that is not here does not exist. */
  readonly partitions: ReadonlyMap<string, number>;
  /**
   * Groups of topics of which a member gets the same partition numbers; groups that overlap count as one. Topics of
   * a group move together as far as the same members subscribe to them. Where their partition counts differ, the
   * numbers that exist go together and those of the longer topics stand alone. The app refuses to start with such
   * (`lib/app/co-partitioned.ts`); partitions may be added later, and a member that refused here would stop the whole group.
   */
  readonly coPartitioned: readonly (readonly string[])[];
}

/** Topics that move together, and how many tasks each eligible member has of them. */
interface Bundle {
  readonly topics: readonly string[];
  readonly members: readonly Load[];
}

/** One partition number of a bundle. */
interface Task {
  readonly bundle: Bundle;
  readonly partition: number;
}

/** A member and what it has so far: kept tasks before new ones, so that the new ones are the first to move on. */
interface Load {
  readonly memberId: string;
  readonly tasks: Map<Bundle, Task[]>;
  total: number;
}

/**
 * Assigns every partition of every topic that a member subscribes to, exactly once. The result has each member,
 * its partitions by topic and number, and is the same whatever the order of members, topics and groups.
 *
 * @category Drivers @since 0.1.0
 */
export function assign(input: AssignorInput): Map<string, TopicPartition[]> {
  const members = [...input.members].sort((a, b) => compare(a.memberId, b.memberId));
  const loads = members.map((member): Load => ({ memberId: member.memberId, tasks: new Map(), total: 0 }));
  const bundles = clustersOf(input, members, loads);
  const owners = ownersBefore(members, loads);

  for (const bundle of bundles) {
    const orphans: Task[] = [];
    for (const task of tasksOf(bundle, input.partitions)) {
      const owner = ownerBefore(task, owners, input.partitions);
      if (owner === undefined) orphans.push(task);
      else give(task, owner);
    }
    for (const task of orphans) give(task, emptiest(bundle));
    balance(bundle);
  }
  balanceTotals(loads, bundles);
  return new Map(loads.map(load => [load.memberId, partitionsOf(load, input.partitions)]));
}

/** Step 1: unites overlapping groups, then divides them by who may have the topic. */
function clustersOf(
  input: AssignorInput,
  members: readonly AssignorMember[],
  loads: readonly Load[],
): Bundle[] {
  const eligible = new Map<string, Load[]>();
  members.forEach((member, i) => {
    const load = loads[i];
    if (load === undefined) return;
    for (const topic of new Set(member.topics)) {
      if ((input.partitions.get(topic) ?? 0) === 0) continue;
      const others = eligible.get(topic);
      if (others === undefined) eligible.set(topic, [load]);
      else others.push(load);
    }
  });
  const groupOf = unite(input.coPartitioned);
  const bundles = new Map<string, { topics: string[]; members: Load[] }>();
  for (const topic of [...eligible.keys()].sort(compare)) {
    const may = eligible.get(topic) ?? [];
    const key = JSON.stringify([groupOf.get(topic) ?? topic, ...may.map(load => load.memberId)]);
    const bundle = bundles.get(key);
    if (bundle === undefined) bundles.set(key, { topics: [topic], members: may });
    else bundle.topics.push(topic);
  }
  return [...bundles.values()];
}

function* tasksOf(bundle: Bundle, partitions: ReadonlyMap<string, number>): Generator<Task> {
  const count = Math.max(...bundle.topics.map(topic => partitions.get(topic) ?? 0));
  for (let partition = 0; partition < count; partition++) yield { bundle, partition };
}

/** Who had each partition. Of two that claim it (one of them is out of date) the first by name counts. */
function ownersBefore(
  members: readonly AssignorMember[],
  loads: readonly Load[],
): Map<string, Map<number, Load>> {
  const owners = new Map<string, Map<number, Load>>();
  members.forEach((member, i) => {
    const load = loads[i];
    if (load === undefined) return;
    for (const { topic, partition } of member.owned) {
      const ofTopic = owners.get(topic) ?? new Map<number, Load>();
      owners.set(topic, ofTopic);
      if (!ofTopic.has(partition)) ofTopic.set(partition, load);
    }
  });
  return owners;
}

/** Step 2: the eligible member that had most of the task's partitions; the first by name where two had as many. */
function ownerBefore(
  { bundle, partition }: Task,
  owners: ReadonlyMap<string, ReadonlyMap<number, Load>>,
  partitions: ReadonlyMap<string, number>,
): Load | undefined {
  const votes = new Map<Load, number>();
  for (const topic of bundle.topics) {
    const owner = partition < (partitions.get(topic) ?? 0) ? owners.get(topic)?.get(partition) : undefined;
    if (owner !== undefined) votes.set(owner, (votes.get(owner) ?? 0) + 1);
  }
  let best: Load | undefined;
  let most = 0;
  if (votes.size === 0) return undefined;
  for (const member of bundle.members) {
    const count = votes.get(member) ?? 0;
    if (count > most) [best, most] = [member, count];
  }
  return best;
}

function give(task: Task, to: Load): void {
  const tasks = to.tasks.get(task.bundle);
  if (tasks === undefined) to.tasks.set(task.bundle, [task]);
  else tasks.push(task);
  to.total++;
}

function move(bundle: Bundle, from: Load, to: Load): void {
  const task = from.tasks.get(bundle)?.pop();
  if (task === undefined) return;
  from.total--;
  give(task, to);
}

const countOf = (member: Load, bundle: Bundle): number => member.tasks.get(bundle)?.length ?? 0;

/** Fewest of the bundle, then fewest in total, then first by name. Every bundle has a member. */
const emptiest = (bundle: Bundle): Load => extreme(bundle, -1);
const fullest = (bundle: Bundle): Load => extreme(bundle, 1);

function extreme(bundle: Bundle, sign: 1 | -1): Load {
  return bundle.members.reduce((best, member) => {
    const more = sign * (countOf(member, bundle) - countOf(best, bundle));
    return more > 0 || (more === 0 && sign * (member.total - best.total) > 0) ? member : best;
  });
}

/** Step 3. */
function balance(bundle: Bundle): void {
  for (;;) {
    const from = fullest(bundle);
    const to = emptiest(bundle);
    if (countOf(from, bundle) - countOf(to, bundle) <= 1) return;
    move(bundle, from, to);
  }
}

/** Step 4. Ends, since each move lowers the sum of the squared totals. */
function balanceTotals(loads: readonly Load[], bundles: readonly Bundle[]): void {
  while (moveOneOdd(loads, bundles));
}

function moveOneOdd(loads: readonly Load[], bundles: readonly Bundle[]): boolean {
  const byTotal = [...loads].sort((a, b) => a.total - b.total);
  for (const from of [...byTotal].reverse()) {
    for (const to of byTotal) {
      if (from.total - to.total < 2) break;
      const odd = bundles.find(
        bundle => countOf(from, bundle) > countOf(to, bundle) && bundle.members.includes(to),
      );
      if (odd !== undefined) {
        move(odd, from, to);
        return true;
      }
    }
  }
  return false;
}

function partitionsOf(load: Load, partitions: ReadonlyMap<string, number>): TopicPartition[] {
  return [...load.tasks.values()]
    .flat()
    .flatMap(({ bundle, partition }) =>
      bundle.topics
        .filter(topic => partition < (partitions.get(topic) ?? 0))
        .map(topic => ({ topic, partition })),
    )
    .sort((a, b) => compare(a.topic, b.topic) || a.partition - b.partition);
}
