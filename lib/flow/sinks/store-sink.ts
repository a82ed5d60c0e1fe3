import type { Place } from '../../app/topology/topology-observable.js';
import { disregardWithin } from '../../base/disregard.js';
import { whole } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import type { KafkaRxError } from '../../errors/errors.js';
import { type Policy, policyKind } from '../../errors/policies/policy.js';
import type { Counter } from '../../logging/metrics/metrics.js';
import type { KafkaRecord } from '../../record/record.js';
import type { Document, DocumentStore } from '../../stores/port.js';
import { laterAnswer } from '../../stores/store-answer.js';
import { deliveriesOf, type Verdict } from '../leases/delivery.js';
import { DocumentIdentities } from './document-identities.js';
import type { Guard } from './guard.js';
import { Sink, type SinkHost, type SinkOptions, sinkOptions } from './sink.js';
import { notWritten, type StoreWriter, type StoreWrites } from './store-writes.js';

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
  readonly writes: StoreWrites;
}

/** Hands records to the writes of its store. The lease of each lasts until its write is durable. */
export class StoreSink<V> extends Sink<unknown, V> implements StoreWriter {
  readonly store: DocumentStore<V>;
  readonly maxDocuments: number;
  readonly onStoreError: Policy | undefined;
  readonly #parts: StoreSinkParts;
  readonly #labels: { readonly store: string };
  readonly #identities: DocumentIdentities;

  constructor(
    host: SinkHost,
    place: Place,
    store: DocumentStore<V>,
    options: StoreSinkOptions,
    parts: StoreSinkParts,
  ) {
    super(host, place, options);
    this.store = store;
    this.maxDocuments = options.maxDocuments ?? parts.maxDocuments;
    this.onStoreError = options.onStoreError;
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
      const error = notWritten(this.store.name, cause, record, 1);
      this.problemWith(record[deliveriesOf], 'encode', error, undefined);
      return;
    }
    this.#parts.writes.take(this, this.#identities.take(record));
  }

  document(record: KafkaRecord<unknown, V>): Document<V> {
    return this.#identities.document(record);
  }

  write(documents: readonly Document<V>[]): Promise<void> | undefined {
    const given: unknown = this.store.write(documents, this.#parts.guard().forStores);
    return laterAnswer(given, this.store.name, 'write');
  }

  stored(documents: number): void {
    this.#parts.stored.add(documents, this.#labels);
  }

  refuse(
    record: KafkaRecord,
    stage: 'encode' | 'store',
    error: KafkaRxError,
    verdict: Verdict | undefined,
  ): void {
    this.problemWith(record[deliveriesOf], stage, error, verdict);
  }
}
