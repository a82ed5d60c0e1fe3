import type { Place } from '../../app/topology/topology-observable.js';
import { disregardWithin } from '../../base/disregard.js';
import type { OneAtATime } from '../../base/one-at-a-time.js';
import { whole } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import { Queue } from '../../base/queue.js';
import { UnmaskedField } from '../../codecs/declared.js';
import type { KafkaRxError } from '../../errors/errors.js';
import { isInstance } from '../../errors/is-instance.js';
import { type Policy, policyKind, verdictOf } from '../../errors/policies/policy.js';
import type { Counter } from '../../logging/metrics/metrics.js';
import type { KafkaRecord } from '../../record/record.js';
import type { Document, DocumentStore } from '../../stores/port.js';
import { laterAnswer } from '../../stores/store-answer.js';
import { storeFailed } from '../../stores/store-failed.js';
import { deliveriesOf } from '../leases/delivery.js';
import { endedBefore, hold, isStale, release } from '../leases/leases.js';
import { Retries } from '../leases/retries.js';
import { DocumentIdentities } from './document-identities.js';
import { type Guard, unmasked } from './guard.js';
import { Sink, type SinkHost, type SinkOptions, sinkOptions } from './sink.js';

/** @category Sinks @since 0.1.0 */
export interface StoreSinkOptions extends SinkOptions {
  /** What becomes of documents that cannot be written. Default: the app's policy for `store`. */
  readonly onStoreError?: Policy | undefined;
  /** Documents in one write, at most. Default 2,000. */
  readonly maxDocuments?: number | undefined;
}

export const storeSinkOptions: Fields<StoreSinkOptions> = {
  ...sinkOptions,
  onStoreError: policyKind,
  maxDocuments: whole(1, { endless: true }),
};

export interface StoreSinkParts {
  readonly guard: () => Guard;
  /** Tells the sink's documents from those that other sinks write into the store. */
  readonly sink: string;
  readonly stored: Counter;
  readonly maxDocuments: number;
  /** The store's, whatever sinks it has. */
  readonly turns: OneAtATime;
}

/**
 * Writes records into a store: at once when idle, and what arrives while a write is under way in the next one. The
 * lease of each lasts until its write is durable.
 */
export class StoreSink<V> extends Sink<unknown, V> {
  readonly #store: DocumentStore<V>;
  readonly #options: StoreSinkOptions;
  readonly #parts: StoreSinkParts;
  readonly #waiting = new Queue<KafkaRecord<unknown, V>>();
  readonly #labels: { readonly store: string };
  readonly #identities: DocumentIdentities;
  readonly #retries = new Retries();
  #busy = false;

  constructor(
    host: SinkHost,
    place: Place,
    store: DocumentStore<V>,
    options: StoreSinkOptions,
    parts: StoreSinkParts,
  ) {
    super(host, place, options);
    this.#store = store;
    this.#options = options;
    this.#parts = parts;
    const leadHere = (nodes: ReadonlySet<string>): boolean => place.graph.anyLeads(nodes, place.node);
    this.#identities = new DocumentIdentities(parts.sink, leadHere, host.clock);
    this.#labels = { store: store.name };
  }

  protected take(record: KafkaRecord<unknown, V>): void {
    try {
      const guard = this.#parts.guard();
      guard.checkDocument(record.value, record, this.name);
    } catch (cause) {
      disregardWithin(record.value);
      this.problemWith(record[deliveriesOf], 'encode', this.#storeError(cause, [record]), undefined);
      return;
    }
    this.#waiting.push(this.#identities.take(record));
    if (this.#busy) return;
    this.#busy = true;
    // Begun: it is written in the next turn, also if the app has failed by then.
    this.host.clock.defer(() => this.#writeNext(true));
  }

  #writeNext(begun = false): void {
    const records: KafkaRecord<unknown, V>[] = [];
    const limit = this.#options.maxDocuments ?? this.#parts.maxDocuments;
    while (records.length < limit) {
      const record = this.#waiting.shift();
      if (record === undefined) break;
      records.push(record);
    }
    if (records.length === 0) this.#busy = false;
    else this.#write(records, 1, begun);
  }

  /** Those that may still be written now: what waited, or is tried again, may have become stale or the app have ended. */
  #writable(records: readonly KafkaRecord<unknown, V>[], begun: boolean): readonly KafkaRecord<unknown, V>[] {
    return records.filter(record => {
      if (!begun && endedBefore(record)) return false;
      if (!isStale(record)) return true;
      // Released, it is counted as stale.
      release(record);
      return false;
    });
  }

  /** In its turn: sinks of one store write one after the other. */
  #write(waiting: readonly KafkaRecord<unknown, V>[], attempt: number, begun: boolean): void {
    this.#parts.turns.take(atOnce => this.#writeNow(waiting, attempt, begun && atOnce));
  }

  #writeNow(
    waiting: readonly KafkaRecord<unknown, V>[],
    attempt: number,
    begun: boolean,
  ): Promise<unknown> | undefined {
    const records = this.#writable(waiting, begun);
    if (records.length === 0) {
      this.#goOn();
      return undefined;
    }
    let written: Promise<void> | undefined;
    try {
      const documents = records.map(record => this.#identities.document(record));
      written = this.#writeAll(documents);
    } catch (cause) {
      return this.#failed(records, cause, attempt);
    }
    if (written === undefined) {
      this.#done(records);
      return undefined;
    }
    return written
      .then(
        () => this.#done(records),
        cause => this.#failed(records, cause, attempt),
      )
      .catch(cause => this.#broken(records, cause));
  }

  #writeAll(documents: readonly Document<V>[]): Promise<void> | undefined {
    const given: unknown = this.#store.write(documents, this.#parts.guard().forStores);
    return laterAnswer(given, this.#store.name, 'write');
  }

  #done(records: readonly KafkaRecord<unknown, V>[]): void {
    this.#parts.stored.add(records.length, this.#labels);
    for (const record of records) release(record);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#waiting.length === 0) this.#busy = false;
    else this.host.clock.defer(() => this.#writeNext());
  }

  /** @returns what is done about it within the same turn */
  #failed(
    records: readonly KafkaRecord<unknown, V>[],
    cause: unknown,
    attempt: number,
  ): Promise<unknown> | undefined {
    // Refused now or after all tries: by then a promise in it would have ended the process.
    if (attempt === 1) for (const record of records) disregardWithin(record.value);
    const policy = this.#options.onStoreError ?? this.host.retryFor('store');
    const again = () => this.#write(records, attempt + 1, false);
    // What may not be written now may not be the next time.
    const isGuarded = isInstance(cause, UnmaskedField);
    if (!isGuarded && this.#retries.again(this.host, records, policy, attempt, again)) {
      return undefined;
    }
    if (records.length > 1) {
      // One document may be the cause: written alone, the others need not share its fate.
      return this.#writeSingly(records, attempt + 1).catch(thrown => this.#broken(records, thrown));
    }
    this.#refused(records, cause, attempt);
    this.#goOn();
    return undefined;
  }

  async #writeSingly(records: readonly KafkaRecord<unknown, V>[], attempt: number): Promise<void> {
    for (const record of records) {
      if (this.#writable([record], false).length === 0) continue;
      try {
        await this.#writeAll([this.#identities.document(record)]);
      } catch (cause) {
        this.#refused([record], cause, attempt);
        continue;
      }
      this.#parts.stored.add(1, this.#labels);
      release(record);
    }
    this.#goOn();
  }

  #refused(records: readonly KafkaRecord<unknown, V>[], cause: unknown, tries: number): void {
    if (isInstance(cause, UnmaskedField)) {
      for (const record of records) {
        this.problemWith(record[deliveriesOf], 'encode', unmasked(cause, record, this.name), undefined);
      }
      return;
    }
    const error = this.#storeError(cause, records, tries);
    const verdict = verdictOf(this.#options.onStoreError);
    for (const record of records) this.problemWith(record[deliveriesOf], 'store', error, verdict);
  }

  /** A throw of our own must not leave the sink busy for ever. */
  #broken(records: readonly KafkaRecord<unknown, V>[], cause: unknown): void {
    for (const record of records) hold(record);
    this.host.fail(this.#storeError(cause, records));
  }

  #storeError(cause: unknown, records: readonly KafkaRecord[], tries = 1): KafkaRxError {
    return storeFailed(cause, {
      store: this.#store.name,
      doing: 'write',
      at: records[0],
      remedy: "Look at the store's disk and permissions, or set a policy for 'store', such as retry()",
      tries,
    });
  }
}
