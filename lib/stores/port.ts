/**
 * The store port: where documents are kept for history and ad-hoc questions.
 *
 * Writes are idempotent: a document's identity is where its source record came from, cluster and topic incarnation
 * included, so that a replay overwrites what it wrote before and an embedded broker that starts again at offset 0
 * does not. `spec/contract` holds every store to this file.
 */

/** Which record, and which of the documents made of it, a document came from. */
export interface DocumentSource {
  /** The cluster's id and the topic's own id, as in `cluster/topic`: differs for a topic created anew. */
  readonly origin: string;
  readonly partition: number;
  readonly offset: number;
  /**
   * Position among the documents of one source record: `''` for the only one, `.0`, `.1` after a one-to-many, `.1.0`
   * after two. Digits and dots without leading zeros, at most 64 steps; orders as numbers do.
   */
  readonly ordinal: string;
}

/** A document about to be written. */
export interface Document<V> {
  readonly source: DocumentSource;
  readonly value: V;
  /** The record's timestamp, milliseconds since 1970. */
  readonly timestamp: number;
}

/** A document read back. */
export interface StoredDocument<V> {
  /** The source's parts joined: `origin/partition/offset` plus the ordinal. */
  readonly id: string;
  readonly value: V;
  /** Milliseconds since 1970, as the store's `time` gave it, or the record's timestamp. */
  readonly time: number;
}

/** How far a store is with one partition: everything caused below `offset` is durable in it. */
export interface StorePosition {
  readonly origin: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * What a store knows of how far it is. The app notes positions here before it commits the same to Kafka, so that
 * afterwards each can be held against the other: a store that is behind was put back from an older copy.
 *
 * @category Stores @since 0.1.0
 */
export interface StorePositions {
  /** The store's own id, made when it was created; a copy of it has the same. Without white space. */
  readonly id: string;
  /** The highest position noted; undefined where none was. */
  read(origin: string, partition: number): number | undefined;
  /**
   * Notes positions, each unless the store has noted a higher one: in one step with that look, whoever else has the store
   * open, so that a position never goes back but by {@link reincarnate}. Undefined means: durable already. Rejects with
   * `STORE` for what is no position, and once somebody else has reset the store.
   */
  advance(positions: readonly StorePosition[]): Promise<void> | undefined;
  /**
   * Begins a new incarnation for an intended reprocess: removes all documents of records from each position on and notes
   * it, so that what is written next is found instead of, not beside, what was written before. A process that has the
   * store open meanwhile writes nothing more. Can be repeated, also after it was cut off.
   */
  reincarnate(positions: readonly StorePosition[]): Promise<void>;
}

/** From inclusive, to exclusive; either may be left out. */
export interface TimeRange {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** @category Stores @since 0.1.0 */
export interface Store<V> {
  readonly name: string;
  /** Of a store that persists; usable while it is open. Left out: Kafka's offsets alone say where to go on. */
  readonly positions?: StorePositions | undefined;
  /** Called by `app.run()` (or a reader) before all else; idempotent, and again after `close`. Rejects with `STORE` and its path. */
  open(): Promise<void>;
  /**
   * Writes all, or rejects. Undefined means: durable already. Called again with the same documents after a failure.
   * At most one call is under way at a time.
   */
  write(documents: readonly Document<V>[]): Promise<void> | undefined;
  /** By `StoredDocument.id`. */
  get(id: string): Promise<StoredDocument<V> | undefined>;
  /**
   * One customer's documents in time order, those of one time by their sources; a consistent picture as of the first
   * `next`, while writes go on. Give up a scan by `return()`, as leaving a `for await` does.
   */
  byCustomer(customer: string, range?: TimeRange): AsyncIterable<StoredDocument<V>>;
  /** All documents of a time range, likewise. */
  byTime(range?: TimeRange): AsyncIterable<StoredDocument<V>>;
  /** The number of documents. */
  count(): Promise<number>;
  /** Idempotent; finishes the write under way. After it all but `open` rejects with `CLOSED`. */
  close(): Promise<void>;
}

/** How a store finds documents again; shared by all stores. */
export interface StoreOptions<V> {
  /** Whose document it is; without it `byCustomer` finds nothing. */
  readonly customer?: ((value: V) => string) | undefined;
  /** The document's time. Default: the record's timestamp. */
  readonly time?: ((value: V) => Date) | undefined;
}
