import { Buffer } from 'node:buffer';
import type { LmdbPicture } from './lmdb-host.js';
import { documentsOfGeneration, generationBytes, keyRange, timeBytes } from './lmdb-layout.js';
import { readFiled, type Table, type Tables } from './lmdb-tables.js';

/** Keys read from one run in one go. */
const keysAtOnce = 256;

/** What an index says of one document: `time document`, the part of the key that orders a scan. */
type Entry = Buffer;

/** The keys of one index that begin with the same bytes, in time order; read on as they are taken. */
class Run {
  readonly #index: Table;
  readonly #prefixBytes: number;
  readonly #end: Buffer;
  #from: Buffer | undefined;
  #resumed = false;
  #entries: Entry[] = [];
  #next = 0;

  constructor(index: Table, prefix: Buffer, from: number | undefined, to: number | undefined) {
    const { start, end } = keyRange(prefix, from, to);
    this.#index = index;
    this.#prefixBytes = prefix.length;
    this.#from = start;
    this.#end = end;
  }

  /** The first entry not yet taken. */
  head(transaction: LmdbPicture): Entry | undefined {
    if (this.#next === this.#entries.length && this.#from !== undefined)
      this.#readOn(this.#from, transaction);
    return this.#entries[this.#next];
  }

  take(): void {
    this.#next++;
  }

  #readOn(start: Buffer, transaction: LmdbPicture): void {
    const range = { start, end: this.#end, exclusiveStart: this.#resumed, limit: keysAtOnce, transaction };
    const keys = [...this.#index.getKeys(range)];
    this.#from = keys.length === keysAtOnce ? keys.at(-1) : undefined;
    this.#resumed = true;
    this.#entries = keys.map(key => key.subarray(this.#prefixBytes));
    this.#next = 0;
  }
}

/** Several runs as one, in time order. */
export class Runs {
  #runs: readonly Run[];

  private constructor(runs: readonly Run[]) {
    this.#runs = runs;
  }

  static byTime({ byTime }: Tables, from: number | undefined, to: number | undefined): Runs {
    return new Runs([new Run(byTime, Buffer.alloc(0), from, to)]);
  }

  /** One run for each generation. @param filing the key bytes of index and term */
  static byIndex(
    tables: Tables,
    filing: Buffer,
    from: number | undefined,
    to: number | undefined,
    transaction: LmdbPicture,
  ): Runs {
    const generations = Math.floor(readFiled(tables, transaction) / documentsOfGeneration) + 1;
    const runs = Array.from({ length: generations }, (_, generation) => {
      const prefix = Buffer.alloc(generationBytes + filing.length);
      filing.copy(prefix, prefix.writeUInt32BE(generation, 0));
      return new Run(tables.byIndex, prefix, from, to);
    });
    return new Runs(runs);
  }

  /** The earliest entry that was not given yet. */
  next(transaction: LmdbPicture): { readonly time: Buffer; readonly document: Buffer } | undefined {
    let first: Run | undefined;
    let earliest: Entry | undefined;
    let ended = false;
    for (const run of this.#runs) {
      const head = run.head(transaction);
      if (head === undefined) {
        ended = true;
      } else if (earliest === undefined || head.compare(earliest) < 0) {
        first = run;
        earliest = head;
      }
    }
    // Most generations hold nothing of most terms: they are looked at once.
    if (ended) this.#runs = this.#runs.filter(run => run.head(transaction) !== undefined);
    if (first === undefined || earliest === undefined) return undefined;
    first.take();
    return { time: earliest.subarray(0, timeBytes), document: earliest.subarray(timeBytes) };
  }
}
