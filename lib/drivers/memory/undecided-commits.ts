import { partitionKey } from '../../base/partition-key.js';
import type { TopicPartition } from '../port.js';

/** How a commit that is decided late is held. @category Drivers @since 0.1.0 */
export interface HeldCommit {
  /** Reads of the group's offsets do not wait for it, and give the old ones, as of a client that does not ask for stable ones. Default false. */
  readonly plainReads?: boolean | undefined;
}

/** A commit that was asked for, and of which nobody has heard. */
interface Undecided extends HeldCommit {
  readonly groupId: string;
  /** Whose offsets are part of it, by partition. */
  readonly offsets: ReadonlySet<string>;
  readonly decided: Promise<void>;
  decide(): void;
}

/** The commits of units of work that a script has the coordinator decide late, by transactional id. */
export class UndecidedCommits {
  /** Of the next commit under the id. */
  readonly #scripted = new Map<string, HeldCommit>();
  readonly #open = new Map<string, Undecided>();

  script(transactionalId: string, how: HeldCommit): void {
    this.#scripted.set(transactionalId, how);
  }

  /** The next commit under the id is decided at once. */
  unscript(transactionalId: string): void {
    this.#scripted.delete(transactionalId);
  }

  /** What was not asked for yet is decided at once when it is. */
  clear(): void {
    this.#scripted.clear();
  }

  /**
   * What a commit under this id waits for; undefined where it is decided at once.
   *
   * @param decision makes it durable, whatever has become of its owner
   */
  hold(
    transactionalId: string,
    groupId: string,
    offsets: readonly TopicPartition[],
    decision: () => void,
  ): Promise<void> | undefined {
    const how = this.#scripted.get(transactionalId);
    if (how === undefined) return undefined;
    this.#scripted.delete(transactionalId);
    let resolve = (): void => {};
    const decided = new Promise<void>(settle => {
      resolve = settle;
    });
    const decide = (): void => {
      decision();
      resolve();
    };
    this.#open.set(transactionalId, {
      ...how,
      ...{ groupId, offsets: new Set(offsets.map(partitionKey)), decided, decide },
    });
    return decided;
  }

  /** Decides the commit that is held under this id; does nothing where there is none. */
  decide(transactionalId: string): void {
    const held = this.#open.get(transactionalId);
    this.#open.delete(transactionalId);
    held?.decide();
  }

  /** What whoever opens this id waits for; undefined where nothing is undecided. */
  of(transactionalId: string): Promise<void> | undefined {
    return this.#open.get(transactionalId)?.decided;
  }

  /** What a read of the group's offset of this partition waits for; undefined where it is stable, or reads are plain. */
  ofOffset(groupId: string, at: TopicPartition): Promise<void> | undefined {
    const key = partitionKey(at);
    for (const held of this.#open.values()) {
      if (held.groupId === groupId && held.plainReads !== true && held.offsets.has(key)) return held.decided;
    }
    return undefined;
  }
}
