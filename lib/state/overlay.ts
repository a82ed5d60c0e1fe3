import { type Clock, systemClock } from '../base/clock.js';
import { KafkaRxError } from '../errors/errors.js';
import type { ChangelogPositions, Changes, StateBackend } from './backend.js';
import { type ApplyBounds, Applying } from './layers/applying.js';
import { OverlayTable } from './layers/overlay-table.js';
import type { CutNumbers, ReadTable, StateTable } from './state-table.js';
import type { ValueFormat } from './value-format.js';

export interface OverlayOptions extends Partial<ApplyBounds> {
  readonly clock?: Clock | undefined;
  /** What is committed could not be applied: it stays in memory, and whoever waits next tries again. Default: nobody hears of it. */
  readonly failed?: ((error: unknown) => void) | undefined;
  /** How many rows of each table that were only read are kept decoded until the cut ends. Default 10,000. */
  readonly cleanEntries?: number | undefined;
  /** Of the cut that it goes on from. Default: what the backend has with its checkpoint. */
  readonly numbers?: ReadonlyMap<string, number> | undefined;
}

/** A cut between barrier and commit. */
export interface SealedCut {
  /** By table, sorted by key, one a key; what is known to be as it was is left out. */
  readonly changes: Changes;
  readonly numbers: ReadonlyMap<string, number>;
  /**
   * Kafka has it, and the backend may.
   *
   * @param positions of the changelogs, behind its changes
   * @throws {KafkaRxError} `STORE`: an older one is not committed yet, it is, or it was dropped
   */
  committed(commitNumber: number, positions: ChangelogPositions): void;
}

/** What else can be seen of a table. */
export interface ShownTable<T> {
  /** Rows, estimated, without what the open cut has changed. */
  readonly size: number;
  /** As of the last cut that was committed. */
  readonly committed: ReadTable<T>;
}

const overlayDefaults = {
  /** As many as LMDB takes well in one transaction. */
  maxKeys: 20_000,
  maxBytes: 16 * 1024 * 1024,
  maxAgeMs: 30_000,
  cleanEntries: 10_000,
};

/**
 * What a task has changed in its state and the backend does not have, in front of it.
 *
 * The open cut is on top; a barrier seals it as bytes, and the next one is open above it while Kafka commits. Committed cuts are merged and
 * applied in the background. An abort drops what is not committed, open or sealed, and nothing else was touched by it.
 */
export class Overlay {
  readonly #backend: StateBackend;
  readonly #cleanEntries: number;
  readonly #clock: Clock;
  readonly #tables = new Map<string, { readonly format: object; readonly table: OverlayTable<unknown> }>();
  readonly #applying: Applying;
  /** The oldest first. */
  readonly #sealed: SealedCut[] = [];
  #numbers: Map<string, number>;
  #committedNumbers: ReadonlyMap<string, number>;

  /** @param backend restored: it has the cut that Kafka has */
  constructor(backend: StateBackend, options: OverlayOptions = {}) {
    const { maxKeys, maxBytes, maxAgeMs, cleanEntries } = { ...overlayDefaults, ...options };
    this.#backend = backend;
    this.#cleanEntries = cleanEntries ?? overlayDefaults.cleanEntries;
    this.#clock = options.clock ?? systemClock;
    this.#applying = new Applying(
      backend,
      () => this.#layers(),
      { maxKeys, maxBytes, maxAgeMs },
      this.#clock,
      options.failed ?? (() => {}),
    );
    this.#committedNumbers = options.numbers ?? backend.checkpoint?.numbers ?? new Map();
    this.#numbers = new Map(this.#committedNumbers);
  }

  /** @throws {KafkaRxError} `CONFIGURATION`: it was asked for with another format */
  table<T>(name: string, format: ValueFormat<T>): StateTable<T> & ShownTable<T> {
    let known = this.#tables.get(name);
    if (known === undefined) {
      const table = new OverlayTable(name, format, this.#backend, this.#cleanEntries);
      known = { format, table: table as OverlayTable<unknown> };
      this.#tables.set(name, known);
    }
    if (known.format !== format) {
      throw new KafkaRxError('CONFIGURATION', `The table ${name} is there already, of another format`, {
        remedy: 'Give each table of a task a name of its own',
      });
    }
    // The same format is of the same values.
    return known.table as OverlayTable<T>;
  }

  readonly numbers: CutNumbers = {
    get: name => this.#numbers.get(name),
    set: (name, value) => void this.#numbers.set(name, value),
  };

  /** As the open cut has them. */
  get allNumbers(): ReadonlyMap<string, number> {
    return this.#numbers;
  }

  /** The numbers whose names begin so were never set. */
  forgetNumbers(prefix: string): void {
    for (const name of [...this.#numbers.keys()]) if (name.startsWith(prefix)) this.#numbers.delete(name);
  }

  /** Keys that the open cut has changed. */
  get dirty(): number {
    return this.#sum(table => table.dirty);
  }

  /** Bytes of these in memory, estimated by what the last cut has changed. */
  get dirtyBytes(): number {
    return this.#sum(table => table.dirtyBytes);
  }

  /** Keys that it has changed of the tables whose names begin so. */
  dirtyOf(prefix: string): number {
    return this.#sum((table, name) => (name.startsWith(prefix) ? table.dirty : 0));
  }

  /** Rows of a table, estimated, without what the open cut has changed; undefined: nobody has asked for it yet. */
  sizeOf(table: string): number | undefined {
    return this.#tables.get(table)?.table.size;
  }

  /** All that it holds in memory, estimated. */
  get bytes(): number {
    return this.#sum(table => table.bytes);
  }

  /** At the barrier: what follows belongs to the next cut. Throws as the formats do, and then nothing is sealed. */
  seal(): SealedCut {
    const tables = [...this.#tables].map(([name, { table }]) => ({ name, sealed: table.seal() }));
    const changed = tables.filter(({ sealed }) => sealed.changes.length > 0);
    const cut: SealedCut = {
      changes: new Map(changed.map(({ name, sealed }) => [name, sealed.changes])),
      numbers: new Map(this.#numbers),
      committed: (commitNumber, positions) => {
        this.#requireOldest(cut, commitNumber);
        // Of a table that came later the oldest sealed layer is of a later cut.
        for (const { sealed } of tables) sealed.commit();
        this.#committed(cut, commitNumber, positions);
      },
    };
    for (const { sealed } of tables) sealed.take();
    this.#sealed.push(cut);
    return cut;
  }

  /** The unit is not to be: all cuts that are not committed are dropped. */
  abort(): void {
    for (const { table } of this.#tables.values()) table.abort();
    this.#sealed.length = 0;
    this.#numbers = new Map(this.#committedNumbers);
  }

  /**
   * What is to be waited for before the next barrier, if anything: more is committed and not applied than memory is there for, or an
   * apply has failed, which is then tried again. Rejects with the backend's error, and nothing is lost by that.
   */
  pressure(): Promise<void> | undefined {
    return this.#applying.pressure();
  }

  /** What the last apply has failed with; undefined: it has not. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#applying.failure;
  }

  /** Somebody waits for {@link pressure} to pass. */
  get isHolding(): boolean {
    return this.#applying.isHolding;
  }

  /** Before a revoke or a stop: resolves when the backend has all that is committed. @throws the backend's error */
  applyNow(): Promise<void> {
    return this.#applying.applyAll();
  }

  /** Nothing is applied any more but what is under way. */
  close(): void {
    this.#applying.stop();
  }

  #requireOldest(cut: SealedCut, commitNumber: number): void {
    if (this.#sealed[0] === cut) return;
    throw new KafkaRxError('STORE', `Commit ${commitNumber} is not of the oldest cut that waits for one`, {
      remedy: 'Report this: cuts are committed in their order, once, and not after an abort',
    });
  }

  #committed(cut: SealedCut, commitNumber: number, positions: ChangelogPositions): void {
    this.#sealed.shift();
    this.#committedNumbers = cut.numbers;
    const time = this.#clock.now();
    this.#applying.committed({ commitNumber, positions, numbers: cut.numbers, time });
  }

  *#layers() {
    for (const [name, { table }] of this.#tables) yield [name, table.layers] as const;
  }

  #sum(of: (table: OverlayTable<unknown>, name: string) => number): number {
    let sum = 0;
    for (const [name, { table }] of this.#tables) sum += of(table, name);
    return sum;
  }
}
