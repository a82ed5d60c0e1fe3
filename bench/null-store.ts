import { crc32 } from 'node:zlib';
import type { Document, Store } from '../lib/stores/port.js';
import type { Output } from './null-producer.js';

/** Takes documents and forgets them; each write is durable at once, or after `writeMs` milliseconds. */
export class NullStore<V> implements Store<V> {
  readonly name = 'history';
  readonly #checking: boolean;
  readonly #writeMs: number;
  #documents = 0;
  #checksum = 0;
  writes = 0;

  constructor({ checking = false, writeMs = 0 }: { readonly checking?: boolean; readonly writeMs?: number } = {}) {
    this.#checking = checking;
    this.#writeMs = writeMs;
  }

  async open(): Promise<void> {}

  write(documents: readonly Document<V>[]): Promise<void> | undefined {
    this.writes++;
    this.#documents += documents.length;
    if (this.#checking) for (const document of documents) {
      this.#checksum = (this.#checksum + crc32(JSON.stringify(document))) >>> 0;
    }
    return this.#writeMs === 0 ? undefined : new Promise(resolve => setTimeout(resolve, this.#writeMs));
  }

  written(): Output {
    return { records: this.#documents, bytes: 0, checksum: this.#checksum };
  }

  async get(): Promise<undefined> {}

  async *byCustomer(): AsyncIterable<never> {}

  async *byTime(): AsyncIterable<never> {}

  async count(): Promise<number> {
    return this.#documents;
  }

  async close(): Promise<void> {}
}
