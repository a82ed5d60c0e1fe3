import { Buffer } from 'node:buffer';
import { KafkaRxError } from '../errors/errors.js';
import type { Names } from './lmdb-names.js';
import { readCount, type Tables } from './lmdb-tables.js';

const prefix = Buffer.from('index');
const nothing = Buffer.alloc(0);

/**
 * Which indexes file every document of the store. One that was added to a store that has documents, or was left out while
 * some were written, would answer with a part and nobody would know.
 */
export class LmdbIndexes {
  readonly #tables: Tables;
  readonly #names: Names;
  readonly #wanted: readonly string[];
  readonly #where: string;
  #noted = false;

  constructor(tables: Tables, names: Names, wanted: readonly { readonly name: string }[], where: string) {
    this.#tables = tables;
    this.#names = names;
    this.#wanted = wanted.map(({ name }) => name);
    this.#where = where;
  }

  /** @throws {KafkaRxError} `STORE` where an index lacks documents of the store */
  requireComplete(): void {
    for (const index of this.#wanted) this.requireFiled(index);
  }

  /**
   * @param leavesAny whether the reset that comes leaves documents
   * @throws {KafkaRxError} `STORE` where an index would lack documents of the store after it
   */
  requireCompleteAfterReset(leavesAny: () => boolean): void {
    const index = this.#wanted.find(each => !this.#isComplete(each));
    if (index === undefined || !leavesAny()) return;
    throw new KafkaRxError('STORE', `${this.#lacking(index)}, and the reset leaves some of them`, {
      remedy:
        "Reset to 'earliest', all topics that fill it. Where that leaves some (their records have expired, their topic was made " +
        "anew, or they have ids by the option 'id'), give the store an empty folder (directory) and reset with that",
    });
  }

  /** @throws {KafkaRxError} `STORE` where this index lacks documents of the store */
  requireFiled(index: string): void {
    if (this.#isComplete(index) || readCount(this.#tables) === 0) return;
    throw new KafkaRxError('STORE', this.#lacking(index), {
      remedy:
        'It was added to a store that had documents, or left out while some were written: leave it out, or reset group ' +
        "and store to the beginning (resetGroup with this very store and to: 'earliest'), which fills it again",
    });
  }

  #lacking(index: string): string {
    return `The ${this.#where} has documents that its index '${index}' does not file`;
  }

  /**
   * Inside a write transaction, before documents are put: these indexes file them, all others do not.
   *
   * @throws {KafkaRxError} `STORE` where an index lacks documents: opened for a reset that was not done, or before somebody else left it out
   */
  noteUse(): void {
    if (this.#noted) return;
    this.requireComplete();
    const { meta } = this.#tables;
    const wanted = this.#wanted.map(index => indexKey(this.#names.intern('i', index)));
    const known = [...meta.getKeys({ start: prefix, end: indexKey(0xff_ff_ff_ff) })];
    for (const key of known) if (!wanted.some(each => each.equals(key))) meta.remove(key);
    for (const key of wanted) meta.put(key, nothing);
    this.#noted = true;
  }

  /** The transaction that may have noted it failed: the next one notes it again. */
  forgetUse(): void {
    this.#noted = false;
  }

  #isComplete(index: string): boolean {
    const number = this.#names.numberOf('i', index);
    return number !== undefined && this.#tables.meta.get(indexKey(number)) !== undefined;
  }
}

function indexKey(number: number): Buffer {
  const key = Buffer.alloc(prefix.length + 4);
  key.writeUInt32BE(number, prefix.copy(key));
  return key;
}
