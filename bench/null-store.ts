import { crc32 } from 'node:zlib';
import type { Document, DocumentStore } from '../lib/stores/port.js';
import type { Output } from './null-producer.js';

export interface NullStoreOptions {
  /** Also sums up the documents, which costs more than all else here. */
  readonly checking?: boolean;
  /** How long a write takes. Default 0: durable at once. */
  readonly writeMs?: number;
  /** Called when a write is durable, with what was written so far. */
  readonly written?: (writes: number, documents: number) => void;
}

/** Takes documents and forgets them; each write is durable at once, or after `writeMs` milliseconds. */
export class NullStore<V> implements DocumentStore<V> {
  readonly name = 'history';
  readonly #checking: boolean;
  readonly #writeMs: number;
  readonly #written: (writes: number, documents: number) => void;
  #documents = 0;
  #checksum = 0;
  writes = 0;

  constructor({ checking = false, writeMs = 0, written = () => {} }: NullStoreOptions = {}) {
    this.#checking = checking;
    this.#writeMs = writeMs;
    this.#written = written;
  }

  async open(): Promise<void> {}

  write(documents: readonly Document<V>[]): Promise<void> | undefined {
    this.writes++;
    this.#documents += documents.length;
    if (this.#checking)
      for (const document of documents) {
        this.#checksum = (this.#checksum + crc32(JSON.stringify(document))) >>> 0;
      }
    if (this.#writeMs === 0) {
      this.#written(this.writes, this.#documents);
      return undefined;
    }
    return new Promise(resolve =>
      setTimeout(() => {
        this.#written(this.writes, this.#documents);
        resolve();
      }, this.#writeMs),
    );
  }

  written(): Output {
    return { records: this.#documents, bytes: 0, checksum: this.#checksum };
  }

  async get(): Promise<undefined> {}

  async *by(): AsyncIterable<never> {}

  async *byTime(): AsyncIterable<never> {}

  async count(): Promise<number> {
    return this.#documents;
  }

  async close(): Promise<void> {}
}
