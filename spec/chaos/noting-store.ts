import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Document, type DocumentStore, KafkaRxError } from 'kafka-rx';
import { writesFile } from './messages.js';

/** What a store's acknowledgement takes here at least: enough that work is in flight at any moment of a steady load. */
const baseDelayMs = 30;

/**
 * A store that notes when each write was durable, before the app hears of it, and fails or dawdles as told. The note
 * is a write to a file, which outlives a SIGKILL as the store's own pages do.
 */
export class NotingStore<V> implements DocumentStore<V> {
  readonly name: string;
  readonly #inner: DocumentStore<V>;
  readonly #file: number;
  #failures = 0;
  #slow = { delayMs: 0, untilMs: 0 };

  constructor(inner: DocumentStore<V>, folder: string) {
    this.name = inner.name;
    this.#inner = inner;
    this.#file = openSync(join(folder, writesFile), 'a');
  }

  fail(writes: number): void {
    this.#failures = writes;
  }

  slow(delayMs: number, forMs: number): void {
    this.#slow = { delayMs, untilMs: Date.now() + forMs };
  }

  async write(documents: readonly Document<V>[]): Promise<void> {
    if (this.#failures > 0) {
      this.#failures--;
      throw new KafkaRxError('STORE', 'The store fails as it was told to', { retriable: true });
    }
    await this.#inner.write(documents);
    const places = documents.map(({ source }) => `${source.partition}/${source.offset}`);
    writeSync(this.#file, `${Date.now()} ${places.join(' ')}\n`);
    await delay(Date.now() < this.#slow.untilMs ? this.#slow.delayMs : baseDelayMs);
  }

  open(): Promise<void> {
    return this.#inner.open();
  }

  get positions(): DocumentStore<V>['positions'] {
    return this.#inner.positions;
  }

  get: DocumentStore<V>['get'] = id => this.#inner.get(id);
  by: DocumentStore<V>['by'] = (index, term, range) => this.#inner.by(index, term, range);
  byTime: DocumentStore<V>['byTime'] = range => this.#inner.byTime(range);
  count: DocumentStore<V>['count'] = () => this.#inner.count();

  async close(): Promise<void> {
    await this.#inner.close();
    closeSync(this.#file);
  }
}
