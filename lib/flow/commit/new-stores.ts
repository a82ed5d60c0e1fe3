import {
  type CommittedStore,
  committedStoresIn,
  namesStore,
  storesNamedIn,
} from '../../base/commit-metadata.js';
import type { CommittedPartition } from '../../drivers/port.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { StorePositions } from '../../stores/port.js';

/** Why a store is new where commits name another; docs/stores.md says what each is told by. */
export type NewStoreCause = 'lost' | 'unsure' | 'added' | 'other-member';

/** What becomes of a store that was lost. */
export type OnStoreLost = 'refill' | 'keep' | 'fail';

/** A store is new, and the group's commits name another in its place. */
export interface StoreNew {
  readonly type: 'store-new';
  readonly store: string;
  readonly because: NewStoreCause;
  /** Filled again from the beginning, left as it is, or the app fails. */
  readonly does: OnStoreLost;
  /** How many partitions this is about. */
  readonly partitionCount: number;
}

export interface NewStoresParts {
  /** What the user wants of a store that was lost, or may have been. */
  readonly onStoreLost: OnStoreLost | undefined;
  /** Partitions of all topics that the app reads, whoever has them. */
  readonly partitionsInAll: () => Promise<number>;
  /** Those that this member has. It is asked about a few at a time: those of a broker, or those of a task. */
  readonly live: () => readonly unknown[];
  readonly announce: (event: StoreNew) => void;
  /** A reason in `health()`, with which the app does its work all the same. @returns the way out */
  readonly notice: (reason: string) => () => void;
}

interface Named {
  readonly name: string;
  readonly positions: StorePositions;
}

/**
 * Tells a store that was lost from one that was never there. Both are empty, and the group's commits name another:
 *
 * | the commits name | it is |
 * | --- | --- |
 * | a store of that name in the very same place | lost |
 * | one of that name whose place nobody knows (in memory), and no other member lives | lost |
 * | one of that name elsewhere, and no other member lives | lost with its machine, or on one that is away: unsure |
 * | one of that name, and other members live | theirs |
 * | none of that name | added to the topology |
 */
export class NewStores {
  readonly #stores: readonly Named[];
  readonly #parts: NewStoresParts;
  readonly #told = new Set<Named>();

  constructor(stores: readonly Named[], parts: NewStoresParts) {
    this.#stores = stores;
    this.#parts = parts;
  }

  /** A store that is to be filled again is noted to stand for the one that was lost. Rejects with `STORE_LOST`. */
  async judge(partitions: readonly CommittedPartition[]): Promise<void> {
    for (const store of this.#stores) {
      // What it stands for since it was told of may be but the first of several.
      const mayStand = this.#standsFor(store).length === 0 || this.#told.has(store);
      const isUnfilled = store.positions.isNew?.() === true && mayStand;
      const others = partitions.filter(({ offset, metadata }) => {
        const ids = storesNamedIn(metadata);
        if (offset === undefined || offset === 0 || ids.length === 0 || this.isNamed(store, ids))
          return false;
        return isUnfilled || this.#isInPlaceOf(store, metadata);
      });
      if (others.length > 0) await this.#take(store, others);
    }
  }

  /**
   * Whether a commit names a store that lay in the very same place: that one is lost, also where ours is new no more, since it has noted
   * partitions that nothing was committed of.
   */
  #isInPlaceOf(store: Named, metadata: string): boolean {
    const place = store.positions.place?.();
    return place !== undefined && this.#inPlaceOf(store, metadata).some(other => other.place === place);
  }

  /** Whether the ids of a commit name the store, or one that it stands for. */
  isNamed(store: Named, ids: readonly string[]): boolean {
    return namesStore(ids, store.positions.id) || this.#standsFor(store).some(id => namesStore(ids, id));
  }

  #standsFor({ positions }: Named): readonly string[] {
    return positions.standsFor?.() ?? [];
  }

  async #take(store: Named, others: readonly CommittedPartition[]): Promise<void> {
    const alone = this.#parts.live().length >= (await this.#parts.partitionsInAll());
    const found = others.flatMap(({ metadata }) => this.#inPlaceOf(store, metadata));
    const because = causeOf(found, store.positions.place?.(), alone);
    const does = this.#does(because);
    const known = this.#told.has(store);
    this.#told.add(store);
    const { name, positions } = store;
    if (!known) {
      this.#parts.announce({ type: 'store-new', store: name, because, does, partitionCount: others.length });
    }
    if (does === 'fail') throw lost(name);
    if (does === 'refill') {
      await positions.standFor?.([...new Set(found.map(({ id }) => id))]);
    } else if (!known && because !== 'other-member') {
      this.#parts.notice(
        `the store '${name}' is new and holds nothing of what the group has processed before: resetGroup fills it`,
      );
    }
  }

  #does(because: NewStoreCause): OnStoreLost {
    const { onStoreLost } = this.#parts;
    if (because === 'lost') return onStoreLost ?? 'refill';
    return because === 'unsure' ? (onStoreLost ?? 'keep') : 'keep';
  }

  /** What a commit names in place of the store: those of its name, or where it gives no names, all that are not ours. */
  #inPlaceOf({ name }: Named, metadata: string): readonly CommittedStore[] {
    const stores = committedStoresIn(metadata);
    if (stores !== undefined) return stores.filter(store => store.name === name);
    const ours = this.#stores.map(({ positions }) => positions.id);
    return storesNamedIn(metadata).flatMap(word =>
      ours.some(id => namesStore([word], id)) ? [] : [{ id: word, name, place: undefined }],
    );
  }
}

function causeOf(found: readonly CommittedStore[], place: string | undefined, alone: boolean): NewStoreCause {
  if (found.length === 0) return 'added';
  if (place !== undefined && found.some(store => store.place === place)) return 'lost';
  if (!alone) return 'other-member';
  return found.some(store => store.place !== undefined) ? 'unsure' : 'lost';
}

function lost(store: string): KafkaRxError {
  return new KafkaRxError('STORE_LOST', `The store '${store}' is new, and the group's commits name another`, {
    remedy:
      'Put its folder back, or a copy of it; or set onStoreLost to refill it from the topic, or to keep it as it is',
  });
}
