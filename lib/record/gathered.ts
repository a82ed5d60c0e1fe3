import { type Delivery, deliveriesOf } from '../flow/leases/delivery.js';
import type { KafkaRecord } from './record.js';

/** A source record that another record was made of. */
export interface GatheredMember {
  readonly delivery: Delivery;
  /** Of the part of it that was gathered. */
  readonly ordinal: string;
}

/** What a record was made of that was made of several. */
export interface Gathered {
  /** The name of the operator that gathered them. */
  readonly name: string;
  /**
   * By topic, partition, offset and ordinal: the same for the same records, in whatever order they came. One stands here as
   * often as copies of it were gathered (`mergeMap(r => [r, r])`).
   */
  readonly members: readonly GatheredMember[];
  /** The ordinal that the record was made with: what it has more is of those made of it. */
  readonly ordinal: string;
}

/** By the deliveries, which all that is made of a record share. */
const gathered = new WeakMap<object, Gathered>();

/** Notes what `made` was made of. */
export function noteGathered(made: KafkaRecord, records: readonly KafkaRecord[], name: string): void {
  const members: GatheredMember[] = [];
  for (const { ordinal, [deliveriesOf]: deliveries } of records) {
    if (!Array.isArray(deliveries)) {
      // What is no array is one delivery: Array.isArray does not tell so of a readonly one.
      members.push({ delivery: deliveries as Delivery, ordinal });
      continue;
    }
    const own = gathered.get(deliveries);
    if (own !== undefined) members.push(...own.members);
    else for (const delivery of deliveries) members.push({ delivery, ordinal });
  }
  members.sort(byPlace);
  gathered.set(made[deliveriesOf], { name, members, ordinal: made.ordinal });
}

/** Undefined for a record that was made of one. */
export function gatheredOf(deliveries: KafkaRecord[typeof deliveriesOf]): Gathered | undefined {
  return gathered.get(deliveries);
}

function byPlace(one: GatheredMember, other: GatheredMember): number {
  const [a, b] = [one.delivery, other.delivery];
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  // One name, and two topics.
  if (a.lane.origin !== b.lane.origin) return a.lane.origin < b.lane.origin ? -1 : 1;
  if (a.partition !== b.partition) return a.partition - b.partition;
  if (a.offset !== b.offset) return a.offset - b.offset;
  return one.ordinal < other.ordinal ? -1 : one.ordinal === other.ordinal ? 0 : 1;
}
