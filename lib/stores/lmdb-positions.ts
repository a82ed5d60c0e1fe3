import { Buffer } from 'node:buffer';
import { KafkaRxError } from '../errors/errors.js';
import { lowerOf, mergedBegin } from './begin-below.js';
import type { LmdbBundles } from './lmdb-bundles.js';
import { readPlace, writePlace } from './lmdb-layout.js';
import type { Names } from './lmdb-names.js';
import type { Tables } from './lmdb-tables.js';
import type { LmdbWriter } from './lmdb-writer.js';
import type { BeginBelow, StorePosition } from './port.js';

const idKey = Buffer.from('id');
const incarnationKey = Buffer.from('incarnation');
const positionPrefix = Buffer.from('position');
const belowPrefix = Buffer.from('below');
const lostPrefix = Buffer.from('succeeds');

/** Documents removed in one transaction: a few megabytes of pages, and some ten milliseconds of the event loop. */
const removedAtOnce = 2_000;

/**
 * How far the store is with each partition, in the table `meta`. The incarnation fences: what a process does that
 * opened the store before somebody else's reset would pass for done again, so it is refused.
 */
export class LmdbPositions {
  readonly id: string;
  readonly #tables: Tables;
  readonly #names: Names;
  readonly #where: string;
  #incarnation: number;

  /** @param readOnly a store that has no id yet is given none */
  constructor(tables: Tables, names: Names, readOnly: boolean, where: string, newId: () => string) {
    this.#tables = tables;
    this.#names = names;
    this.#where = where;
    this.id = storeId(tables, readOnly, newId);
    this.#incarnation = this.#readIncarnation();
  }

  /** Whether no position was ever noted. */
  get isNew(): boolean {
    return this.#keysUnder(positionPrefix).length === 0;
  }

  get standsFor(): readonly string[] {
    return this.#keysUnder(lostPrefix).map(key => key.subarray(lostPrefix.length).toString());
  }

  /** Inside a write transaction. */
  standFor(ids: readonly string[]): void {
    for (const id of ids)
      this.#tables.meta.put(Buffer.concat([lostPrefix, Buffer.from(id)]), Buffer.alloc(0));
  }

  /** Undefined where nothing was noted. */
  read(origin: string, partition: number): number | undefined {
    const number = this.#names.numberOf('o', origin);
    return number === undefined
      ? undefined
      : this.#tables.meta.get(placeIn(positionPrefix, number, partition))?.readDoubleBE(0);
  }

  /**
   * Inside a write transaction, so that nobody comes between the look and the note: a position that was noted is true for
   * good, and a process that was stopped meanwhile, or was late, must not take it back.
   */
  raise(positions: readonly StorePosition[]): void {
    for (const position of positions) {
      const noted = this.read(position.origin, position.partition);
      if (noted === undefined || noted < position.offset) this.#put(position);
      const below = this.#below(position);
      if (below !== undefined && position.offset >= below.instead) this.#forgetBelow(position);
    }
  }

  /** Inside a write transaction. @see StorePositions.beginBelow */
  beginBelow(begins: readonly BeginBelow[]): void {
    for (const begin of begins) {
      const { origin, partition, offset, instead } = mergedBegin(begin, this.#below(begin));
      const bytes = Buffer.alloc(16);
      bytes.writeDoubleBE(instead, bytes.writeDoubleBE(offset));
      this.#tables.meta.put(placeIn(belowPrefix, this.#names.intern('o', origin), partition), bytes);
    }
  }

  /** No higher than where it is still to be brought again. */
  lowered(start: StorePosition): StorePosition {
    return lowerOf(start, this.#below(start));
  }

  #below({ origin, partition }: StorePosition): BeginBelow | undefined {
    const number = this.#names.numberOf('o', origin);
    if (number === undefined) return undefined;
    const found = this.#tables.meta.get(placeIn(belowPrefix, number, partition));
    if (found === undefined) return undefined;
    return { origin, partition, offset: found.readDoubleBE(0), instead: found.readDoubleBE(8) };
  }

  #forgetBelow({ origin, partition }: StorePosition): void {
    this.#tables.meta.remove(placeIn(belowPrefix, this.#names.intern('o', origin), partition));
  }

  #put({ origin, partition, offset }: StorePosition): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(offset);
    this.#tables.meta.put(placeIn(positionPrefix, this.#names.intern('o', origin), partition), bytes);
  }

  /**
   * Inside a write transaction.
   *
   * @throws {KafkaRxError} `STORE` where the store was reset since it was opened
   */
  requireCurrent(): void {
    if (this.#readIncarnation() === this.#incarnation) return;
    throw new KafkaRxError('STORE', `The ${this.#where} was reset while this process had it open`, {
      remedy: 'Start the app again: it then goes on from where the reset said',
    });
  }

  /** Inside a write transaction, the last one of a reset: other processes' later ones are refused. */
  begin(positions: readonly StorePosition[]): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(this.#readIncarnation() + 1);
    this.#tables.meta.put(incarnationKey, bytes);
    for (const position of positions) {
      this.#put(position);
      this.#forgetBelow(position);
    }
  }

  /** What {@link begin} began was committed. */
  begun(): void {
    this.#incarnation = this.#readIncarnation();
  }

  /**
   * Inside a write transaction: removes some of the documents from `position` on; a bundle goes only if all of its records lie
   * at or above one of `all`.
   *
   * @param after where the last call stopped
   * @returns where this one did; undefined when it is done
   */
  removeSome(
    { origin, partition, offset }: StorePosition,
    all: readonly StorePosition[],
    writer: LmdbWriter,
    after: Buffer | undefined,
  ): Buffer | undefined {
    const number = this.#names.numberOf('o', origin);
    if (number === undefined) return undefined;
    const range = {
      start: after ?? placeKey(number, partition, offset),
      exclusiveStart: after !== undefined,
      // Behind every offset, whose eight bytes never are 0xff all.
      end: placeKey(number, partition, 0).fill(0xff, 8),
      limit: removedAtOnce,
    };
    const keys = [...this.#tables.documents.getKeys(range)];
    writer.removeBundles(keys, this.#startsOf(all));
    return keys.length === removedAtOnce ? keys.at(-1) : undefined;
  }

  /** Whether {@link removeSome}, done for all of these positions, would leave a document. Looks at all of them, as that does. */
  leavesAny(all: readonly StorePosition[], bundles: LmdbBundles): boolean {
    const from = this.#startsOf(all);
    for (const key of this.#tables.documents.getKeys()) {
      const { origin, partition, offset } = readPlace(key);
      const start = from(origin, partition);
      if (start === undefined || offset < start || !bundles.mayGo(key, from)) return true;
    }
    return false;
  }

  #startsOf(all: readonly StorePosition[]): (origin: number, partition: number) => number | undefined {
    const starts = new Map(
      all.map(each => [`${this.#names.numberOf('o', each.origin)}/${each.partition}`, each.offset]),
    );
    return (origin, partition) => starts.get(`${origin}/${partition}`);
  }

  #keysUnder(prefix: Buffer): readonly Buffer[] {
    return [
      ...this.#tables.meta.getKeys({ start: prefix, end: Buffer.concat([prefix, Buffer.alloc(1, 0xff)]) }),
    ];
  }

  #readIncarnation(): number {
    return this.#tables.meta.get(incarnationKey)?.readDoubleBE(0) ?? 0;
  }
}

/** Made with the store, or at the first opening of one that an older release made. */
function storeId({ root, meta }: Tables, readOnly: boolean, newId: () => string): string {
  let found = meta.get(idKey);
  if (found === undefined && !readOnly) {
    root.transactionSync(() => {
      // Read again: another process may have come first.
      found = meta.get(idKey) ?? Buffer.from(newId());
      meta.put(idKey, found);
    });
  }
  return found?.toString() ?? '';
}

function placeIn(prefix: Buffer, origin: number, partition: number): Buffer {
  const key = Buffer.alloc(prefix.length + 8);
  prefix.copy(key);
  key.writeUInt32BE(partition, key.writeUInt32BE(origin, prefix.length));
  return key;
}

/** Where a record's documents begin. */
function placeKey(number: number, partition: number, offset: number): Buffer {
  const key = Buffer.alloc(16);
  writePlace(key, 0, number, partition, offset);
  return key;
}
