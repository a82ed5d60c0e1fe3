import type { KafkaRxError } from '../../errors/errors.js';

/** A unit of work that was opened, as the brokers have it. */
export interface WatchedUnit {
  /** The partition whose records it takes: two units have it in turn. */
  readonly task: string;
  /** The incarnation that has opened it, and whether that is dead. */
  readonly owner: string;
  readonly isOrphaned: boolean;
  /** Partitions that it has written to since it began; 0: nothing is open of it. */
  readonly written: number;
  /** Changes of a state are among that. */
  readonly holdsChanges: boolean;
}

/** Notes what rarely happens to units of work where requests of several owners meet, or a task waits for its records. */
export class UnitWatch {
  readonly #mark: (name: string) => void;
  readonly #longMs: number;
  /** The last that was opened, by transactional id. */
  readonly #opened = new Map<string, WatchedUnit>();
  /** Tasks that wait at their gates, by incarnation. */
  readonly #gates = new Map<string, Set<string>>();
  /** When a unit of a task last came to its end, on the clock's monotonic time. */
  readonly #endedAt = new Map<string, number>();

  /** @param intervalMs of commits */
  constructor(mark: (name: string) => void, intervalMs: number) {
    this.#mark = mark;
    // An interval grows to as much where records settle slowly.
    this.#longMs = 10 * intervalMs;
  }

  /** A task is at its gate until it has heard. */
  asks(owner: string, task: string): void {
    const tasks = this.#gates.get(owner) ?? new Set();
    this.#gates.set(owner, tasks.add(task));
  }

  heard(owner: string, task: string): void {
    this.#gates.get(owner)?.delete(task);
  }

  /** @param isHeld a commit under this id was asked for, and is not decided */
  opening(transactionalId: string, owner: string, isHeld: boolean): void {
    if (isHeld) this.#mark('unit: opened behind a commit that is held');
    const former = this.#opened.get(transactionalId);
    if (former === undefined || former.owner === owner) return;
    if (!former.isOrphaned) this.#mark('unit: a living owner is fenced');
    else if (former.written > 0) this.#mark('unit: a dead owner left it open');
  }

  opened(transactionalId: string, unit: WatchedUnit): void {
    this.#opened.set(transactionalId, unit);
  }

  /** By its owner. */
  closed(transactionalId: string, unit: WatchedUnit): void {
    if (this.#opened.get(transactionalId) === unit) this.#opened.delete(transactionalId);
  }

  /** @param failure of the unit by the time at which the brokers get this */
  arrives(
    what: 'records' | 'a commit',
    failure: KafkaRxError | undefined,
    unit?: Pick<WatchedUnit, 'holdsChanges'>,
  ): void {
    if (failure?.code !== 'COMMIT_REFUSED') return;
    this.#mark(`unit: ${what} behind the fence`);
    if (unit?.holdsChanges === true) this.#mark('unit: changes of a state behind the fence');
  }

  /** It will not be committed, as far as its owner knows. */
  failed({ holdsChanges }: WatchedUnit): void {
    if (holdsChanges) this.#mark('unit: failed with changes of a state in it');
  }

  /** Nobody else had opened it. */
  refused({ code }: KafkaRxError, { written }: WatchedUnit): void {
    if (code === 'COMMIT_REFUSED')
      this.#mark('unit: a commit of a member that the group has gone on without');
    if (written > 1) this.#mark('unit: refused with records in several partitions');
  }

  committed({ owner, task }: WatchedUnit): void {
    const waiting = [...(this.#gates.get(owner) ?? [])];
    if (waiting.some(other => other !== task))
      this.#mark('unit: committed while another task is at its gate');
  }

  /** A record was refused that had the unit for itself, and gets its policy. */
  excused(): void {
    this.#mark('unit: a record is refused alone');
  }

  /** All of it has settled. @param since when its first record was written, as `now` on the clock's monotonic time */
  settled({ owner, task }: WatchedUnit, since: number, now: number): void {
    // One is committed after the other.
    const began = Math.max(since, this.#endedAt.get(`${owner} ${task}`) ?? since);
    if (now - began > this.#longMs) this.#mark('unit: settled for more than ten intervals');
  }

  ended({ owner, task }: WatchedUnit, now: number): void {
    this.#endedAt.set(`${owner} ${task}`, now);
  }
}
