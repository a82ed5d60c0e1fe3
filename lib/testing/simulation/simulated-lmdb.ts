/**
 * LMDB as our store uses it, in memory over a simulated disk: the same answers as the package lmdb (`spec/stores/simulated-lmdb.spec.ts`
 * holds them against each other), but that a transaction begins, is committed and flushed in the simulation's time, and a process
 * can die in between.
 *
 * What is beyond the store's use of LMDB is refused, not guessed.
 */
import { Buffer } from 'node:buffer';
import type { LmdbOpenOptions, LmdbPicture, LmdbRange, LmdbRoot, LmdbTable } from '../../stores/lmdb-host.js';
import type { LmdbDisk } from './lmdb-disk.js';
import { bordersOf, entryAt, LmdbDraft, type LmdbEntry, type LmdbImage } from './lmdb-image.js';
import type { Place } from './wire.js';

/** Between a process and the disk. */
export interface LmdbLink {
  /** From the process to the disk and back. */
  call<T>(what: string, effect: () => T | Promise<T>): Promise<T>;
  /** The process has come to this place of a call that does not wait: whether it dies there. */
  diesAt(what: string, place: Place): boolean;
  /** Whether a commit fails. */
  fails(): boolean;
  /** Does it when the disk has flushed. */
  whenFlushed(flushed: () => void): void;
  /** A number below `n`: what is left to chance when a process dies. */
  choose(label: string, n: number): number;
  /** Something rare has happened. */
  mark(name: string): void;
  /** Another process has kept it waiting until now. */
  heldUp(): void;
}

class Picture implements LmdbPicture {
  readonly image: LmdbImage;
  isDone = false;

  constructor(image: LmdbImage) {
    this.image = image;
  }

  done(): void {
    if (this.isDone) throw new Error('Can not finish a transaction more times than it was used');
    this.isDone = true;
  }
}

/** One process's view of the folder, from `open` to `close` or to its death. */
export class SimulatedLmdb implements LmdbRoot {
  readonly #disk: LmdbDisk;
  readonly #link: LmdbLink;
  readonly #options: LmdbOpenOptions;
  #state: 'open' | 'closed' | 'dead' = 'open';
  #draft: LmdbDraft | undefined;
  /** On its way to the disk. */
  #committing: LmdbImage | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(disk: LmdbDisk, options: LmdbOpenOptions, link: LmdbLink) {
    this.#disk = disk;
    this.#link = link;
    this.#options = options;
    disk.opened(this);
  }

  getKeys(): Iterable<Buffer> {
    // As lmdb-js writes names.
    return [...this.#image(undefined).keys()].map(name => Buffer.from(`${name}\0`)).sort(Buffer.compare);
  }

  openDB(name: string): LmdbTable | undefined {
    if (!this.#image(undefined).has(name)) {
      if (this.#options.readOnly) return undefined;
      this.transactionSync(() => this.#draft?.make(name));
    }
    return new Table(
      name,
      options => this.#entries(name, options),
      () => this.#draft,
    );
  }

  transactionSync<T>(action: () => T): T {
    this.#requireOpen();
    // What a process goes on to do in the step in which it died is nobody's.
    if (this.#isDead) return this.#drafted(action).result;
    this.#disk.beginNow(this);
    const { image, result } = this.#drafted(action);
    this.#link.diesAt('lmdb transaction', 'before the effect');
    if (!this.#isDead) {
      this.#disk.commit(this, image, true);
      this.#link.diesAt('lmdb transaction', 'after the effect');
    }
    return result;
  }

  childTransaction<T>(action: () => T): Promise<T> {
    const done = this.#last.then(() => this.#transact(action));
    this.#last = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /** What is read without a picture is as new as can be: nobody else writes while a process has its turn. */
  resetReadTxn(): void {}

  useReadTransaction(): LmdbPicture {
    this.#requireOpen();
    return new Picture(this.#disk.current);
  }

  readerCheck(): void {}

  async close(): Promise<void> {
    await this.#last;
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    await this.#link.call('lmdb close', () => {
      if (this.#state === 'closed') this.#disk.closed(this);
    });
  }

  /** The process has died: what is on its way to the disk comes there as a whole or not at all. */
  died(): void {
    if (this.#isDead) return;
    this.#state = 'dead';
    const image = this.#committing;
    this.#committing = undefined;
    if (image !== undefined && this.#link.choose('lmdb: commits after the crash', 2) === 1)
      this.#disk.commit(this, image, this.#flushesFirst);
    this.#disk.died(this, unflushed =>
      this.#link.choose('lmdb: commits flushed before the crash', unflushed + 1),
    );
  }

  get #isDead(): boolean {
    return this.#state === 'dead';
  }

  get #flushesFirst(): boolean {
    return !this.#options.overlappingSync;
  }

  async #transact<T>(action: () => T): Promise<T> {
    this.#requireOpen();
    await this.#link.call('lmdb begin', async () => {
      if (this.#isDead) return;
      const waits = this.#disk.isBusy;
      if (waits) this.#link.mark('lmdb: waits for another process');
      await this.#disk.begin(this);
      if (waits) this.#link.heldUp();
    });
    const { image, result } = this.#drafted(action);
    this.#committing = image;
    await this.#link.call('lmdb commit', () => this.#commit());
    return result;
  }

  #commit(): void {
    const image = this.#committing;
    // Of one that died meanwhile it is decided.
    if (image === undefined) return;
    this.#committing = undefined;
    if (this.#link.fails()) {
      this.#disk.end(this);
      throw commitFailed();
    }
    this.#disk.commit(this, image, this.#flushesFirst);
    if (!this.#flushesFirst) this.#link.whenFlushed(() => this.#disk.flush(image));
  }

  #drafted<T>(action: () => T): { readonly image: LmdbImage; readonly result: T } {
    if (this.#draft !== undefined) throw new Error('The simulated LMDB has no transactions within others');
    this.#draft = new LmdbDraft(this.#disk.current);
    try {
      const result = action();
      return { image: this.#draft.image, result };
    } catch (error) {
      this.#disk.end(this);
      throw error;
    } finally {
      this.#draft = undefined;
    }
  }

  #image(picture: LmdbPicture | undefined): LmdbImage {
    this.#requireOpen();
    if (this.#draft !== undefined) return this.#draft.image;
    if (!(picture instanceof Picture)) return this.#disk.current;
    if (picture.isDone) throw new Error('Can not read with a transaction that is already done');
    return picture.image;
  }

  #entries(table: string, picture: LmdbPicture | undefined): readonly LmdbEntry[] {
    return this.#draft?.entries(table) ?? this.#image(picture).get(table) ?? [];
  }

  #requireOpen(): void {
    if (this.#state === 'closed') throw new Error('Database is closed');
  }
}

class Table implements LmdbTable {
  readonly #name: string;
  readonly #read: (picture: LmdbPicture | undefined) => readonly LmdbEntry[];
  readonly #draft: () => LmdbDraft | undefined;

  constructor(
    name: string,
    read: (picture: LmdbPicture | undefined) => readonly LmdbEntry[],
    draft: () => LmdbDraft | undefined,
  ) {
    this.#name = name;
    this.#read = read;
    this.#draft = draft;
  }

  get(key: Buffer, options?: { readonly transaction?: LmdbPicture }): Buffer | undefined {
    const found = entryAt(this.#read(options?.transaction), key);
    return found && Buffer.from(found.value);
  }

  *getKeys(range?: LmdbRange): Iterable<Buffer> {
    for (const { key } of this.#entriesIn(range)) yield Buffer.from(key);
  }

  *getRange(range?: LmdbRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }> {
    for (const { key, value } of this.#entriesIn(range))
      yield { key: Buffer.from(key), value: Buffer.from(value) };
  }

  put(key: Buffer, value: Buffer): boolean {
    return this.#writing().put(this.#name, key, value, false);
  }

  putSync(key: Buffer, value: Buffer, { noOverwrite }: { readonly noOverwrite: boolean }): boolean {
    return this.#writing().put(this.#name, key, value, noOverwrite);
  }

  remove(key: Buffer): boolean {
    return this.#writing().remove(this.#name, key);
  }

  *#entriesIn(range: LmdbRange = {}): Generator<LmdbEntry, void, undefined> {
    const entries = this.#read(range.transaction);
    const [first, behind] = bordersOf(entries, range);
    const draft = this.#draft();
    const changes = draft?.changes(this.#name);
    for (let at = first; at < behind; at++) {
      if (draft !== undefined && (draft !== this.#draft() || draft.changes(this.#name) !== changes))
        throw new Error('The simulated LMDB does not say what a range gives that is written to meanwhile');
      const entry = entries[at];
      if (entry !== undefined) yield entry;
    }
  }

  #writing(): LmdbDraft {
    const draft = this.#draft();
    if (draft === undefined) throw new Error('The simulated LMDB is written to within a transaction');
    return draft;
  }
}

/** As lmdb-js says it: the real reason is promised. */
function commitFailed(): Error {
  const real = Object.assign(new Error('No space left on device'), { code: 28 });
  const commitError = Promise.reject(real);
  commitError.catch(() => {});
  return Object.assign(new Error('Commit failed (see commitError for details)'), { commitError });
}
