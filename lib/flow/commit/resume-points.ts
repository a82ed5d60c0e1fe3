/**
 * Kafka's committed offsets and the stores' own positions, held against each other.
 *
 * 1. Before an offset is committed, each store that can tell its position notes the same offset; the commit names these
 *    stores. So a store is never behind a commit that names it. A member that may not be one any more notes nothing.
 * 2. One that is was put back from an older copy, or has lost writes: its partition begins at the store's position.
 * 3. A commit that names other stores says nothing about ours: another member with an embedded store of its own had the
 *    partition. Kafka's offset counts; otherwise each rebalance would repeat work. Unless ours is new, and stands in the
 *    place of one that was lost: `NewStores` tells.
 * 4. One that is ahead of the log itself, or of where it was truncated, has records that the brokers lost: nobody can tell what is
 *    true, so the app fails.
 */

import type { LifecycleEvent } from '../../app/lifecycle/events.js';
import {
  filledIn,
  metadataOfStores,
  storesNamedIn,
  withCutOf,
  withFilled,
} from '../../base/commit-metadata.js';
import type {
  AssignedPartition,
  CommittedPartition,
  DriverConnection,
  OffsetCommit,
} from '../../drivers/port.js';
import { type Coordinates, KafkaRxError } from '../../errors/errors.js';
import { askedPositions } from '../../stores/asked-positions.js';
import type { BeginBelow, DocumentStore, StorePosition, StorePositions } from '../../stores/port.js';
import type { Lane } from '../leases/delivery.js';
import type { CommitTarget } from './commit-cycle.js';
import { NewStores, type NewStoresParts } from './new-stores.js';
import { unconfirmed } from './unconfirmed.js';

export type ResumedAtStore = Extract<LifecycleEvent, { readonly type: 'resumed-at-store' }>;

export interface ResumePointsParts extends Omit<NewStoresParts, 'announce'> {
  readonly connection: Pick<DriverConnection, 'admin' | 'topics'>;
  /** What stores have of the topic with this id. */
  readonly originOf: (topicId: string) => string;
  /** Whether the group has confirmed the membership within the session timeout: otherwise another may go on already. */
  readonly confirmed: () => boolean;
  /** A partition whose epoch goes on, with the topic that this reads. */
  readonly laneAt: (partition: AssignedPartition) => LivePartition | undefined;
  /** What is committed has all of its outputs, and they must not come again. */
  readonly isOnce: boolean;
  /** What is read of the topic goes into states: it is not to come again. */
  readonly hasStates: (topic: string) => boolean;
  /** Under exactly once: the epoch begins below this offset, up to which all is committed, and what was made of that is not written again. */
  readonly fills: (partition: AssignedPartition, upTo: number) => void;
  /** Says in `health()` what takes long. */
  readonly during: <T>(what: string, work: Promise<T>) => Promise<T>;
  readonly announce: (event: ResumedAtStore | Parameters<NewStoresParts['announce']>[0]) => void;
}

type LivePartition = Pick<Lane, 'origin' | 'fillsUpTo' | 'signal'>;

/** A commit of an epoch that goes on. */
interface OwnCommit {
  readonly at: OffsetCommit;
  readonly fillsUpTo: number;
  readonly position: StorePosition;
}

interface PositionedStore {
  readonly name: string;
  readonly positions: StorePositions;
}

export class ResumePoints {
  readonly #stores: readonly PositionedStore[];
  readonly #parts: ResumePointsParts;
  readonly #newStores: NewStores;
  /** Ends of what `health()` says of stores that are filled again, by origin and partition. */
  readonly #filling = new Map<string, { readonly upTo: number; readonly end: () => void }>();
  /** Whether each assignment is to be asked about. */
  readonly needed: boolean;
  /** What all stores have noted, by origin and partition: a commit that is tried again, or in parts, is noted once. */
  readonly #noted = new Map<string, number>();
  /** What each commit says of the stores. */
  #ofStores: string | undefined;

  /** @param stores offsets are held against those that have positions */
  constructor(stores: Iterable<DocumentStore<unknown>>, parts: ResumePointsParts) {
    this.#stores = [...stores].flatMap(store => {
      const positions = askedPositions(store);
      return positions === undefined ? [] : [{ name: store.name, positions }];
    });
    this.needed = this.#stores.length > 0;
    this.#parts = parts;
    this.#newStores = new NewStores(this.#stores, parts);
  }

  /**
   * The same target, with each commit noted in the stores first. While these are filled again, what is committed stays where it was, and says
   * how far they are. Rejects, and nothing was noted, with `COMMIT_REFUSED` for
   * a partition whose epoch is over, and with a retriable `COMMIT_FAILED` while the membership is not confirmed.
   */
  notedBefore(target: CommitTarget): CommitTarget {
    if (this.#stores.length === 0) return target;
    const metadata = this.#metadata();
    return {
      commit: async offsets => {
        const ours = this.#ours(offsets);
        await this.#note(ours.map(({ position }) => position));
        return target.commit(
          ours.map(({ at: { topic, partition, epoch, offset, metadata: given }, fillsUpTo }) =>
            offset < fillsUpTo
              ? { topic, partition, epoch, offset: fillsUpTo, metadata: withFilled(metadata, offset) }
              : { topic, partition, epoch, offset, metadata: withCutOf(metadata, given) },
          ),
        );
      },
    };
  }

  /** Names the stores. Not before they are open: ids are made then. */
  #metadata(): string {
    this.#ofStores ??= metadataOfStores(
      this.#stores.map(({ name, positions }) => ({ id: positions.id, name, place: positions.place?.() })),
    );
    return this.#ofStores;
  }

  /** With the positions of the topics that their epochs read. */
  #ours(offsets: readonly OffsetCommit[]): readonly OwnCommit[] {
    if (!this.#parts.confirmed()) throw unconfirmed();
    return offsets.map(at => {
      const lane = this.#parts.laneAt(at);
      if (lane !== undefined) {
        const { origin, fillsUpTo } = lane;
        return { at, fillsUpTo, position: { origin, partition: at.partition, offset: at.offset } };
      }
      throw new KafkaRxError('COMMIT_REFUSED', 'The epoch of the partition is over', {
        at,
        remedy: 'Nothing: what it covers is delivered again, to whoever has the partition now',
      });
    });
  }

  async #note(positions: readonly StorePosition[]): Promise<void> {
    const news = positions.filter(({ origin, partition, offset }) => {
      const noted = this.#noted.get(placeKey(origin, partition));
      return noted === undefined || noted < offset;
    });
    if (news.length > 0) await this.#noteNews(news);
    for (const { origin, partition, offset } of positions) {
      const place = placeKey(origin, partition);
      const filling = this.#filling.get(place);
      if (filling !== undefined && filling.upTo <= offset) this.#filled(place);
    }
  }

  async #noteNews(news: readonly StorePosition[]): Promise<void> {
    const writes = this.#stores.flatMap(({ name, positions }) => {
      const written = positions.advance(news);
      return written === undefined
        ? []
        : this.#parts.during(`the store '${name}' to note its positions`, written);
    });
    if (writes.length > 0) await Promise.all(writes);
    for (const { origin, partition, offset } of news) this.#noted.set(placeKey(origin, partition), offset);
  }

  /** @see ConsumerOptions.resumeAt */
  async resumeAt(partitions: readonly CommittedPartition[]): Promise<readonly (number | undefined)[]> {
    await this.#newStores.judge(partitions);
    const begins = await this.#whole(partitions, await Promise.all(partitions.map(at => this.#begin(at))));
    if (this.#parts.isOnce) await Promise.all(partitions.map((at, i) => this.#fills(at, begins[i])));
    return begins;
  }

  /** Where a partition begins below its commit. What the brokers may have lost of that was not committed for good: records there are others. */
  async #fills(at: CommittedPartition, begin: number | undefined): Promise<void> {
    const { topic, partition, epoch, offset: committed } = at;
    if (begin === undefined || committed === undefined || begin >= committed) return;
    const end = (await this.#offsetOf(at, 'latest')) ?? committed;
    this.#parts.fills({ topic, partition, epoch }, Math.min(committed, end));
  }

  /**
   * Lower where a document made of several records would be cut in two: what is made of its rest would stand beside it. Where outputs are
   * made once, only of what comes again anyhow: units that fail are committed in parts at last, each with documents of its own.
   */
  async #whole(
    partitions: readonly CommittedPartition[],
    begins: readonly (number | undefined)[],
  ): Promise<readonly (number | undefined)[]> {
    // Without a commit everything comes again.
    const starts = partitions.map(({ topicId, partition, offset }, i) => {
      return { origin: this.#parts.originOf(topicId), partition, offset: begins[i] ?? offset ?? 0 };
    });
    const wanted = [...begins];
    for (let moved = true; moved; ) {
      moved = false;
      for (const { name, positions } of this.#stores) {
        const whole = positions.wholeFrom?.(starts) ?? [];
        for (const [i, at] of partitions.entries()) {
          const [start, position = Number.POSITIVE_INFINITY] = [starts[i], whole[i]];
          if (start === undefined || at.offset === undefined || position >= start.offset) continue;
          if (this.#parts.hasStates(at.topic)) continue;
          if (this.#parts.isOnce && begins[i] === undefined) continue;
          const offset = Math.max(position, await this.#first(at));
          if (offset >= start.offset || this.#parts.laneAt(at) === undefined) continue;
          starts[i] = { ...start, offset };
          wanted[i] = offset;
          moved = true;
          const { topic, partition, offset: committed } = at;
          const found = { topic, partition, store: name, committed, position, offset };
          this.#parts.announce({ type: 'resumed-at-store', ...found });
        }
      }
    }
    await this.#noteBelow(
      starts.flatMap((start, i) => {
        const instead = begins[i] ?? partitions[i]?.offset ?? 0;
        return start.offset < instead ? [{ ...start, instead }] : [];
      }),
    );
    return wanted;
  }

  /** Before the first record is handed out: the group's commit stays where it is, whatever becomes of this process. */
  async #noteBelow(begins: readonly BeginBelow[]): Promise<void> {
    if (begins.length === 0) return;
    await Promise.all(this.#stores.map(({ positions }) => positions.beginBelow?.(begins)));
    // What was noted of them before is to be noted again.
    for (const { origin, partition } of begins) this.#noted.delete(placeKey(origin, partition));
  }

  async #first(at: CommittedPartition): Promise<number> {
    return (await this.#offsetOf(at, 'earliest')) ?? 0;
  }

  async #offsetOf(at: CommittedPartition, which: 'earliest' | 'latest'): Promise<number | undefined> {
    try {
      return (await this.#parts.connection.admin.offsets(at.topic, which))[at.partition];
    } catch (error) {
      await this.#requireThere(at);
      throw error;
    }
  }

  /** Offsets are asked for by name: what looks wrong of them may be of another topic by now. Then the driver finds out, too. */
  async #requireThere({ topic, topicId, partition, offset = 0 }: CommittedPartition): Promise<void> {
    const [found] = await this.#parts.connection.topics([topic]);
    if (found?.id === topicId) return;
    throw new KafkaRxError('DRIVER', 'The topic was deleted while its stores were asked where to begin', {
      at: { topic, partition, offset },
      retriable: true,
      remedy: 'Nothing: it is left alone until it is there again, and then it is another one',
    });
  }

  async #begin(at: CommittedPartition): Promise<number | undefined> {
    const { topic, topicId, partition, offset: committed, metadata } = at;
    const origin = this.#parts.originOf(topicId);
    const ids = storesNamedIn(metadata);
    let behind: { readonly store: string; readonly position: number } | undefined;
    for (const store of this.#stores) {
      const { name, positions } = store;
      const position = positions.read(origin, partition);
      if (position !== undefined) await this.#refuseAhead(name, at, position);
      // A copy from before the store first saw the partition has no position: it has nothing of it.
      const durable = position ?? 0;
      if (committed === undefined || durable >= committed || !this.#newStores.isNamed(store, ids)) continue;
      if (behind === undefined || durable < behind.position) behind = { store: name, position: durable };
    }
    // Whoever filled one last did not come to the end of it.
    const filled = filledIn(metadata);
    const [first] = this.#stores;
    const isUnfilled = filled !== undefined && committed !== undefined && filled < committed;
    if (first !== undefined && isUnfilled && (behind === undefined || filled < behind.position))
      behind = { store: behind?.store ?? first.name, position: filled };
    if (behind === undefined || committed === undefined) return undefined;
    const offset = Math.min(committed, Math.max(behind.position, await this.#first(at)));
    if (this.#parts.hasStates(topic)) throw countedAlready(behind.store, at, offset, committed);
    const lane = this.#parts.laneAt(at);
    // It went elsewhere while the brokers were asked.
    if (lane === undefined) return undefined;
    this.#parts.announce({ type: 'resumed-at-store', topic, partition, ...behind, committed, offset });
    this.#fillingFrom(placeKey(origin, partition), committed, behind.store, lane);
    return offset;
  }

  /** Until all that is committed is noted, or the epoch ends: then whoever has the partition looks where to begin. */
  #fillingFrom(place: string, upTo: number, store: string, { signal }: LivePartition): void {
    this.#filled(place);
    const filling = { upTo, end: this.#parts.notice(`the store '${store}' is filled again`) };
    this.#filling.set(place, filling);
    signal.addEventListener('abort', () => this.#filling.get(place) === filling && this.#filled(place), {
      once: true,
    });
  }

  #filled(place: string): void {
    this.#filling.get(place)?.end();
    this.#filling.delete(place);
  }

  async #refuseAhead(name: string, at: CommittedPartition, position: number): Promise<void> {
    const { topic, partition, truncatedAt } = at;
    // The log may have grown beyond the position since: what it has there is not what the store has.
    if (truncatedAt !== undefined && position > truncatedAt) {
      const what = `The store '${name}' is ahead of its topic, of which the brokers lost all from offset ${truncatedAt} on`;
      throw storeAhead(what, { topic, partition, offset: position });
    }
    const end = await this.#offsetOf(at, 'latest');
    if (end !== undefined && position <= end) return;
    await this.#requireThere(at);
    if (end === undefined) return;
    const what = `The store '${name}' is ahead of its topic, which ends at ${end}`;
    throw storeAhead(what, { topic, partition, offset: position });
  }
}

function storeAhead(what: string, at: Coordinates): KafkaRxError {
  return new KafkaRxError('STORE_AHEAD', what, {
    at,
    remedy:
      'The brokers lost records, or were put back from a backup: reset group and store to where they are to go on, ' +
      'or give the store another folder',
  });
}

function countedAlready(
  store: string,
  { topic, partition }: CommittedPartition,
  offset: number,
  committed: number,
): KafkaRxError {
  return new KafkaRxError(
    'STORE_LOST',
    `The store '${store}' is behind: it would be filled again with the records up to offset ${committed}, which the states that are kept of the same topic have counted`,
    {
      at: { topic, partition, offset },
      remedy:
        'Put the store back as it was; or reset the group, so that states and store are made anew together; or, for a store that was lost, go on ' +
        "without what was in it by onStoreLost: 'keep'",
    },
  );
}

/** An origin may hold slashes; the partition is what stands behind the last one. */
function placeKey(origin: string, partition: number): string {
  return `${origin}/${partition}`;
}
