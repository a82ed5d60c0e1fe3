import type { Clock, Timer } from '../../base/clock.js';
import type { Changes, Checkpoint, StateBackend } from '../backend.js';
import type { TableLayers } from './table-layers.js';

export interface ApplyBounds {
  /** Changed keys that are committed, from which on they are applied. */
  readonly maxKeys: number;
  /** The same in bytes of memory. */
  readonly maxBytes: number;
  /** Milliseconds that a commit waits to be applied at most. */
  readonly maxAgeMs: number;
}

interface Batch {
  readonly changes: Changes;
  readonly checkpoint: Checkpoint;
}

/** Commits that wait, in bounds: beyond that {@link Applying.pressure} is something to wait for. */
const boundsThatWait = 3;

/**
 * Brings committed cuts to the backend, in the background and some of them at once, since what an apply costs goes by the keys and not by
 * how often each was changed.
 */
export class Applying {
  readonly #backend: StateBackend;
  readonly #tables: () => Iterable<readonly [name: string, layers: TableLayers]>;
  readonly #bounds: ApplyBounds;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  /** Of the newest that is committed and waits. */
  #waiting: Checkpoint | undefined;
  /** What is being applied, or failed to be. */
  #batch: Batch | undefined;
  #underWay: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Who waits for relief. */
  #held = 0;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(
    backend: StateBackend,
    tables: () => Iterable<readonly [name: string, layers: TableLayers]>,
    bounds: ApplyBounds,
    clock: Clock,
    failed: (error: unknown) => void,
  ) {
    this.#backend = backend;
    this.#tables = tables;
    this.#bounds = bounds;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** What the last try has failed with; undefined: it has not. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Somebody waits for {@link pressure} to pass. */
  get isHolding(): boolean {
    return this.#held > 0;
  }

  /** The tables have taken it in. */
  committed(checkpoint: Checkpoint): void {
    this.#waiting = checkpoint;
    this.#goOn();
  }

  pressure(): Promise<void> | undefined {
    return this.#failure !== undefined || this.#isAbove(boundsThatWait) ? this.#relieve() : undefined;
  }

  async applyAll(): Promise<void> {
    while (this.#waiting !== undefined || this.#batch !== undefined) await this.#apply();
  }

  stop(): void {
    this.#isStopped = true;
    this.#forgetTimer();
  }

  async #relieve(): Promise<void> {
    this.#held++;
    try {
      do await this.#apply();
      while (this.#isAbove(boundsThatWait));
    } finally {
      this.#held--;
    }
  }

  /** Sees to it that what waits is applied in time. After a failure whoever waits next tries again, and is told. */
  #goOn(): void {
    if (
      this.#waiting === undefined ||
      this.#underWay !== undefined ||
      this.#failure !== undefined ||
      this.#isStopped
    )
      return;
    const begin = (): void => void this.#apply().catch(() => {});
    if (this.#isAbove(1)) begin();
    else this.#timer ??= this.#clock.schedule(begin, this.#bounds.maxAgeMs);
  }

  /** Waits for the one under way, or begins one. */
  #apply(): Promise<void> {
    this.#underWay ??= this.#applyOnce().finally(() => {
      this.#underWay = undefined;
      this.#goOn();
    });
    return this.#underWay;
  }

  async #applyOnce(): Promise<void> {
    this.#batch ??= this.#takeBatch();
    if (this.#batch === undefined) return;
    try {
      await this.#backend.apply(this.#batch.changes, this.#batch.checkpoint);
    } catch (error) {
      this.#failure = { error };
      this.#failed(error);
      throw error;
    }
    this.#failure = undefined;
    this.#batch = undefined;
    // Not before: the backend's reads saw the former rows until now.
    for (const [, layers] of this.#tables()) layers.endApply();
  }

  #takeBatch(): Batch | undefined {
    const checkpoint = this.#waiting;
    if (checkpoint === undefined) return undefined;
    this.#waiting = undefined;
    this.#forgetTimer();
    const all = [...this.#tables()].map(([name, layers]) => [name, layers.beginApply()] as const);
    return { changes: new Map(all.filter(([, changes]) => changes.length > 0)), checkpoint };
  }

  #forgetTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #isAbove(times: number): boolean {
    let [keys, bytes] = [0, 0];
    for (const [, layers] of this.#tables()) {
      keys += layers.unappliedKeys;
      bytes += layers.unappliedBytes;
    }
    return keys >= this.#bounds.maxKeys * times || bytes >= this.#bounds.maxBytes * times;
  }
}
