import { deliveriesOf } from '../flow/leases/delivery.js';
import type { KafkaRecord } from './record.js';

/** One of the records that another was made of. */
export interface GatheredMember {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly ordinal: string;
}

/** What a record was made of that was made of several. */
export interface Gathered {
  /** The node that gathered them. */
  readonly node: string;
  /** Each once, by topic, partition, offset and ordinal: the same for the same records, in whatever order they came. */
  readonly members: readonly GatheredMember[];
  /** The ordinal that the record was made with: what it has more is of those made of it. */
  readonly ordinal: string;
}

/** By the deliveries, which all that is made of a record share. */
const gathered = new WeakMap<object, Gathered>();

/** Notes what `made` was made of. */
export function noteGathered(made: KafkaRecord, records: readonly KafkaRecord[], node: string): void {
  const members = new Map<string, GatheredMember>();
  for (const { topic, partition, offset, ordinal, [deliveriesOf]: deliveries } of records) {
    const own = gathered.get(deliveries);
    for (const member of own?.members ?? [{ topic, partition, offset, ordinal }]) {
      members.set(`${member.topic}/${member.partition}/${member.offset}${member.ordinal}`, member);
    }
  }
  const inOrder = [...members.values()].sort(byPlace);
  gathered.set(made[deliveriesOf], { node, members: inOrder, ordinal: made.ordinal });
}

/** Undefined for a record that was made of one. */
export function gatheredOf(deliveries: KafkaRecord[typeof deliveriesOf]): Gathered | undefined {
  return gathered.get(deliveries);
}

function byPlace(a: GatheredMember, b: GatheredMember): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  if (a.partition !== b.partition) return a.partition - b.partition;
  if (a.offset !== b.offset) return a.offset - b.offset;
  return a.ordinal < b.ordinal ? -1 : a.ordinal === b.ordinal ? 0 : 1;
}
