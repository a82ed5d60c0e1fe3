import { Buffer } from 'node:buffer';
import { KafkaRxError } from '../errors/errors.js';
import type { LmdbPicture } from './lmdb-host.js';
import type { Table } from './lmdb-tables.js';

/**
 * Origin, sink, index: each kind has its own numbers in the order of first sight, as documents of one time are in the order
 * of their origins.
 */
type NameKind = 'o' | 's' | 'i';

/**
 * The names that keys are made of (origins, sinks, indexes), each a number: some sixty characters become four bytes in
 * every key.
 *
 * Numbers are given in order and never again, so that what was read once stays true and another process's new names
 * are found by reading on from the last known one.
 */
export class Names {
  readonly #table: Table;
  readonly #where: string;
  readonly #names: string[] = [];
  readonly #numbers: { readonly [kind in NameKind]: Map<string, number> } = {
    o: new Map(),
    s: new Map(),
    i: new Map(),
  };

  constructor(table: Table, where: string) {
    this.#table = table;
    this.#where = where;
  }

  get size(): number {
    return this.#names.length;
  }

  /** The number of a name; undefined where no key of the store has it. */
  numberOf(kind: NameKind, name: string): number | undefined {
    const numbers = this.#numbers[kind];
    const known = numbers.get(name);
    if (known !== undefined) return known;
    this.#readOn();
    return numbers.get(name);
  }

  /** @throws {KafkaRxError} `STORE` where a document refers to a name that the store does not have */
  nameOf(number: number, transaction?: LmdbPicture): string {
    if (number >= this.#names.length) this.#readOn(transaction);
    const name = this.#names[number];
    if (name !== undefined) return name.slice(1);
    throw new KafkaRxError('STORE', `The ${this.#where} lacks a name that a document refers to`, {
      remedy:
        'The folder is damaged: give the store an empty one (directory) and reset group and store to the beginning (resetGroup), which fills it again',
    });
  }

  /** The number of a name, given now if it has none. Inside a write transaction, which keeps other writers out. */
  intern(kind: NameKind, name: string): number {
    const known = this.numberOf(kind, name);
    if (known !== undefined) return known;
    const number = this.#names.length;
    this.#table.put(numberKey(number), Buffer.from(JSON.stringify(kind + name)));
    this.#learn(kind + name);
    return number;
  }

  /** Takes back what was learned since there were `size`: the transaction that interned it failed. */
  forget(size: number): void {
    for (const word of this.#names.splice(size)) this.#numbersOf(word).delete(word.slice(1));
  }

  #readOn(transaction?: LmdbPicture): void {
    const options = transaction === undefined ? {} : { transaction };
    for (;;) {
      const bytes = this.#table.get(numberKey(this.#names.length), options);
      if (bytes === undefined) return;
      const name: unknown = JSON.parse(bytes.toString());
      this.#learn(String(name));
    }
  }

  #numbersOf(word: string): Map<string, number> {
    const [kind] = word;
    return this.#numbers[kind === 's' || kind === 'i' ? kind : 'o'];
  }

  #learn(word: string): void {
    this.#numbersOf(word).set(word.slice(1), this.#names.length);
    this.#names.push(word);
  }
}

function numberKey(number: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(number);
  return key;
}
