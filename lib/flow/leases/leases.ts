/** What sinks and leasing operators do with the deliveries of a record; the only ways to touch a lease. */
import { isProxy } from 'node:util/types';
import type { Subscriber } from 'rxjs';
import { disregardWithin } from '../../base/disregard.js';
import { type Coordinates, KafkaRxError } from '../../errors/errors.js';
import { isRecord } from '../../record/is-record.js';
import type { KafkaRecord } from '../../record/record.js';
import { whatItIs } from '../../record/what-it-is.js';
import {
  type Deliveries,
  type Delivery,
  type DeliveryHost,
  deliveriesOf,
  type Lane,
  noDeliveries,
} from './delivery.js';
import { outsideTopology } from './outside-topology.js';

/**
 * Takes a lease on every delivery of a record, for the leasing operator `by`.
 *
 * @returns false when the record must be dropped: the app has ended (held, and counted), its epoch is over (counted), it
 *   is replayed for another branch (counted), or it came outside its dispatch window (the app has failed). A record of
 *   several deliveries is dropped only when that is so of all of them.
 * @param destination hears `WITHOUT_DELIVERY` of what is no record at all
 */
export function lease(record: KafkaRecord, by: string, destination?: Subscriber<never>): boolean {
  if (!isRecord(record)) {
    refuseThing(record, by, destination);
    return false;
  }
  const deliveries = record[deliveriesOf];
  return !haveEnded(deliveries) && leaseAll(deliveries, by, destination);
}

/** What is no record came to the operator `by`: nobody can make anything of it, and what it may be a copy of is not committed. */
export function refuseThing(
  thing: KafkaRecord,
  by: string,
  destination?: Subscriber<never>,
  remedy?: string,
): void {
  const deliveries = copiedDeliveries(thing);
  const at = listOf(deliveries).at(-1);
  const error = withoutDelivery(by, at, thing, remedy);
  holdAll(deliveries);
  at?.lane.host.fail(error);
  destination?.error(error);
}

/** The deliveries of what may be a copy of a record; none of anything that only says it has some. */
export function copiedDeliveries(thing: unknown): Deliveries {
  if (typeof thing !== 'object' || thing === null || isProxy(thing)) return noDeliveries;
  const held: unknown = Object.getOwnPropertyDescriptor(thing, deliveriesOf)?.value;
  const all = Array.isArray(held) ? held : [held];
  // Told by their kind: another copy of the library may have made them.
  const isOne = (one: unknown): boolean => typeof one === 'object' && one !== null && 'lane' in one;
  return all.every(isOne) ? (held as Deliveries) : noDeliveries;
}

/** `lease` for who has asked already whether the app is live. */
export function leaseAll(deliveries: Deliveries, by: string, destination?: Subscriber<never>): boolean {
  return Array.isArray(deliveries)
    ? leaseSeveral(deliveries, by, destination)
    : leaseOne(deliveries as Delivery, by, destination);
}

/** Whether the record is replayed for what is not here; what stands in no topology is not among the nodes that it passes by. */
function passesBy({ directed }: Delivery, by: string, destination: Subscriber<never> | undefined): boolean {
  return directed?.has(by) === true && !(destination !== undefined && outsideTopology.has(destination));
}

function leaseOne(delivery: Delivery, by: string, destination: Subscriber<never> | undefined): boolean {
  const { lane } = delivery;
  if (lane.ended) {
    lane.host.dropped('stale-epoch', 1);
    return false;
  }
  if (!delivery.open) {
    lane.host.fail(outsideWindow(delivery, by));
    return false;
  }
  if (delivery.directed !== undefined && passesBy(delivery, by, destination)) {
    lane.host.dropped('other-branch', 1);
    return false;
  }
  delivery.lease();
  return true;
}

/** Those whose epochs are over have no say in it: what is made of the others is what counts. */
function leaseSeveral(
  deliveries: readonly Delivery[],
  by: string,
  destination: Subscriber<never> | undefined,
): boolean {
  const current = deliveries.filter(delivery => !delivery.lane.ended);
  const host = deliveries[0]?.lane.host;
  if (host === undefined) return true;
  if (current.length === 0) {
    host.dropped('stale-epoch', 1);
    return false;
  }
  const slot = current[0]?.lane.outputSlot;
  const refused = current.find(({ open, lane }) => !open || lane.outputSlot !== slot);
  if (refused?.open === false) {
    host.fail(outsideWindow(refused, by));
    return false;
  }
  if (refused !== undefined) {
    holdAll(current);
    host.fail(severalTasks(current[0] ?? refused, refused, by));
    return false;
  }
  if (current.every(delivery => passesBy(delivery, by, destination))) {
    host.dropped('other-branch', 1);
    return false;
  }
  for (const delivery of deliveries) delivery.lease();
  return true;
}

/** Releases what `lease` took. */
export function release(record: KafkaRecord): void {
  releaseAll(deliveriesAt(record));
}

/** The same without the record, for who need not keep it. */
export function releaseAll(deliveries: Deliveries): void {
  if (Array.isArray(deliveries)) for (const delivery of deliveries) delivery.release();
  else (deliveries as Delivery).release();
}

/** Keeps a record's deliveries open for good: after a failure its offsets must not be committed. */
export function hold(record: KafkaRecord): void {
  holdAll(deliveriesAt(record));
}

/** The same without the record. */
export function holdAll(deliveries: Deliveries): void {
  for (const delivery of listOf(deliveries)) delivery.hold();
}

/**
 * Hands a leased record on inside a dispatch window of its own: how a leasing operator emits.
 *
 * What became of it is known only afterwards. If the app failed meanwhile, or what is below ended without being allowed
 * to, the record may be lost, and its deliveries are held: no release that follows lets them be committed. After a failure
 * it is not handed on at all.
 */
export function emit<K, V>(destination: Subscriber<KafkaRecord<K, V>>, record: KafkaRecord<K, V>): void {
  emitSeveral(destination, record, () => destination.next(record));
}

/**
 * Hands on several records of the deliveries of a leased one, in one window over all of them: what `emit` does for one.
 *
 * @param handOn what it hands on, it hands to the destination
 */
export function emitSeveral(destination: Subscriber<never>, leased: KafkaRecord, handOn: () => void): void {
  const deliveries = listOf(deliveriesAt(leased));
  const host = deliveries[0]?.lane.host;
  if (haveEnded(deliveries)) return;
  const endings = host?.endings;
  for (const delivery of deliveries) delivery.openWindow();
  try {
    handOn();
  } finally {
    for (const delivery of deliveries) delivery.closeWindow();
    if (host !== undefined && (!host.live || (destination.closed && host.endings === endings)))
      holdAll(deliveries);
  }
}

/** Whether the app has ended, so that nothing is begun any more: then the record is held, and counted. */
export function endedBefore(record: KafkaRecord): boolean {
  return haveEnded(deliveriesAt(record));
}

function haveEnded(deliveries: Deliveries): boolean {
  const host = (Array.isArray(deliveries) ? deliveries[0] : (deliveries as Delivery))?.lane.host;
  if (host === undefined || host.live) return false;
  holdAll(deliveries);
  host.dropped('after-end', 1);
  return true;
}

/** Gives up a leased record, since the subscription it was taken in ended: the host knows whether on purpose. */
export function giveUp(record: KafkaRecord): void {
  hostOf(record)?.giveUp(deliveriesAt(record));
}

/** The app behind a record; undefined for a record that was never delivered (a bare `testRecord`). */
export function hostOf(record: KafkaRecord): DeliveryHost | undefined {
  return listOf(deliveriesAt(record))[0]?.lane.host;
}

/** The partition of a record; of one made of several, that of the last. Undefined for a record that was never delivered. */
export function laneOf(record: KafkaRecord): Lane | undefined {
  return lastLane(deliveriesAt(record));
}

/** The same without the record. */
export function lastLane(deliveries: Deliveries): Lane | undefined {
  return (Array.isArray(deliveries) ? deliveries.at(-1) : (deliveries as Delivery))?.lane;
}

/** Whether a partition of it is at a barrier: all waits for it, and it goes before others. */
export function isAtBarrier(record: KafkaRecord): boolean {
  const deliveries = deliveriesAt(record);
  if (!Array.isArray(deliveries)) return (deliveries as Delivery).lane.atBarrier;
  return deliveries.some(({ lane }: Delivery) => lane.atBarrier);
}

export function listOf(deliveries: Deliveries): readonly Delivery[] {
  return Array.isArray(deliveries) ? deliveries : [deliveries as Delivery];
}

/** The deliveries of whatever an untyped operator handed on: what carries none is like a record of none. */
function deliveriesAt(record: KafkaRecord | null | undefined): Deliveries {
  return record?.[deliveriesOf] ?? noDeliveries;
}

/** Whether the epochs of all its deliveries are over: work on it would be thrown away. */
export function isStale(record: KafkaRecord): boolean {
  return isOver(deliveriesAt(record));
}

/** Whether the epochs of all these deliveries are over; false for none. */
export function isOver(deliveries: Deliveries): boolean {
  if (!Array.isArray(deliveries)) return (deliveries as Delivery).lane.ended;
  return deliveries.length > 0 && deliveries.every(delivery => delivery.lane.ended);
}

/**
 * Whether it is made of records alone that were committed before, and come again to fill a store: what is made of it for Kafka was written
 * with them.
 */
export function isWritten(deliveries: Deliveries): boolean {
  if (!Array.isArray(deliveries)) return isBelowFill(deliveries as Delivery);
  return deliveries.length > 0 && deliveries.every(isBelowFill);
}

function isBelowFill({ offset, lane }: Delivery): boolean {
  return offset < lane.fillsUpTo;
}

function outsideWindow(at: Delivery, by: string): KafkaRxError {
  return new KafkaRxError(
    'OUTSIDE_DISPATCH_WINDOW',
    `'${by}' was handed a record after its dispatch window had closed: an operator before it held the record back ` +
      '(delay, debounceTime, bufferTime, observeOn, mergeMap over a promise, …), so its offset may be committed already',
    {
      at,
      remedy:
        'Use mapAsync, batch or through in place of the operator that holds records; docs/operators.md lists them all',
    },
  );
}

/** In which unit would it be written, and whose offsets would it wait for? */
function severalTasks(one: Delivery, other: Delivery, by: string): KafkaRxError {
  const { topic, partition, offset } = one;
  return new KafkaRxError(
    'SEVERAL_TASKS',
    `'${by}' was handed a record that was made of records of several tasks, of '${topic}' ${partition} at offset ${offset} among others: ` +
      'under exactly once each task has a unit of work of its own, and a record is written with one',
    {
      at: other,
      remedy:
        'Gather with batch, which keeps tasks apart, or go by way of a topic that brings together what belongs together',
    },
  );
}

/**
 * What was made aside, comes from no app, or is no record: no offset waits for it.
 *
 * @param instead the remedy, where it is not to hand on records of the app
 */
export function withoutDelivery(
  by: string,
  at: Coordinates | undefined,
  handed: unknown,
  instead?: string,
): KafkaRxError {
  // A rejection in it is not to end the process past the error.
  disregardWithin(handed);
  const { what, remedy } = isRecord(handed)
    ? {
        what: 'a record that came from no source of this app',
        remedy: 'Make records with withValue or mapValue out of those that app.topic delivers',
      }
    : whatItIs(handed);
  return new KafkaRxError('WITHOUT_DELIVERY', `'${by}' was handed ${what}`, {
    at,
    remedy: instead ?? remedy,
  });
}
