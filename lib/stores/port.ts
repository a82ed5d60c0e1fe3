/**
 * The store port: where documents are kept for history and ad-hoc questions.
 *
 * Writes are idempotent: a document's identity is where it came from (cluster and topic incarnation, partition, offset,
 * and the way that it took through the topology), so that a replay overwrites what it wrote before, no two documents share
 * one, and an embedded broker that starts again at offset 0 overwrites nothing. `spec/contract` holds every store to this
 * file; docs/stores.md says what identities are made of.
 */
import { nameKind } from '../base/name-kinds.js';
import { anything, having, kind, required } from '../base/option-kinds.js';
import { faultIn, type Kind } from '../base/option-schema.js';
import type { Codec } from '../codecs/codec.js';
import type { KafkaRxError } from '../errors/errors.js';

/** Which record, and which of the documents made of it, a document came from. */
export interface DocumentSource {
  /** The cluster's id and the topic's own id, as in `cluster/topic`: differs for a topic created anew. */
  readonly origin: string;
  readonly partition: number;
  readonly offset: number;
  /**
   * Position among the documents of one source record: `''` for the only one, `.0`, `.1`, … after `flatMapValue`, `''`, `.1`,
   * `.2`, … after `mapAsync` over a stream (its first is known before there is a second), `.1.0` after two such steps. Digits and dots without leading zeros, at most 64 steps; orders as numbers do.
   */
  readonly ordinal: string;
  /** Which way the document took to the store: the sink's, `''` (the default) for the store's first one. Any text. */
  readonly sink?: string | undefined;
}

/**
 * One of several records that a document was made of.
 *
 * @category Stores @since 0.1.0
 */
export type DocumentMember = Omit<DocumentSource, 'sink'>;

/** A document about to be written. */
export interface Document<V> {
  readonly source: DocumentSource;
  readonly value: V;
  /** The record's timestamp, milliseconds since 1970; the time of writing where it has none. */
  readonly timestamp: number;
  /**
   * All records that it was made of, where these are several, as behind `batch`: each once; copies of one that were gathered
   * differ by their ordinals. The source is the last's, and its ordinal begins with two steps that stand for them all, so
   * that documents made of the same records, a *bundle*, share origin, partition, offset, sink and these steps. Of a sink
   * each record belongs to the bundle that was written last with it; a bundle to which none belongs any more is removed, in the
   * same write: however the records are grouped when they come again, what is found is made of each once.
   */
  readonly members?: readonly DocumentMember[] | undefined;
}

/**
 * What a store asks before it writes bytes and text that it makes of a document. The app has looked at the document's value; what is
 * looked at here is what is written.
 *
 * @category Stores @since 0.1.0
 */
export interface WriteGuard {
  /** How to encode a value: as the codec does, with a throw for what may not be written. Made once for each guard. */
  encoder<V>(codec: Codec<V>): (value: V) => Buffer | null;
  /** Throws where text made of a document, such as an id or the term of an index, may not be written. */
  checkText(text: string, document: Document<unknown>): void;
}

/** A document read back. */
export interface StoredDocument<V> {
  /** As the store's `id` gave it; otherwise the source's parts joined: `origin/partition/offset`, ordinal, `@sink`. */
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
 * A partition that begins at `offset`, where it would have begun at `instead`, to bring whole bundles again.
 *
 * @category Stores @since 0.1.0
 */
export interface BeginBelow extends StorePosition {
  readonly instead: number;
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
  /** Whether no position was ever noted in it. Left out: nobody is told when a store is new. */
  readonly isNew?: (() => boolean) | undefined;
  /** Where it lies: one word, the same for a store that is made anew in the same place. Undefined: it has no place. */
  readonly place?: (() => string | undefined) | undefined;
  /** The stores that were lost and that this one stands for, by their ids. */
  readonly standsFor?: (() => readonly string[]) | undefined;
  /** Notes that it stands for these. Undefined means: durable already. */
  readonly standFor?: ((ids: readonly string[]) => Promise<void> | undefined) | undefined;
  /** The highest position noted; undefined where none was. */
  read(origin: string, partition: number): number | undefined;
  /**
   * Notes positions, each unless the store has noted a higher one: in one step with that look, whoever else has the store
   * open, so that a position never goes back but by {@link reincarnate}. Undefined means: durable already. Rejects with
   * `STORE` for what is no position, and once somebody else has reset the store.
   */
  advance(positions: readonly StorePosition[]): Promise<void> | undefined;
  /**
   * Where to begin so that no bundle of documents (see {@link Document.members}) is cut in two: for each of these positions
   * one that is as low, or lower. A bundle of which a part came again could neither be kept nor removed. Left out: none is.
   */
  readonly wholeFrom?: ((starts: readonly StorePosition[]) => readonly number[]) | undefined;
  /**
   * Notes that partitions begin where {@link wholeFrom} said. Until a position of at least `instead` is noted of one, `wholeFrom`
   * lets it begin no higher: the group's commit does not go back, so a process that dies before would leave bundles of which a
   * part went to others, and nobody would bring the rest. Undefined means: durable already. Left out: none is noted.
   */
  readonly beginBelow?: ((begins: readonly BeginBelow[]) => Promise<void> | undefined) | undefined;
  /**
   * Begins a new incarnation for an intended reprocess: removes all documents of records from each position on and notes
   * it, so that what is written next is found instead of, not beside, what was written before; a bundle that also holds records
   * of below stays, for {@link wholeFrom} to begin below it. A process that has the
   * store open meanwhile writes nothing more. Can be repeated, also after it was cut off.
   */
  reincarnate(positions: readonly StorePosition[]): Promise<void>;
}

/** From inclusive, to exclusive; either may be left out. */
export interface TimeRange {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/**
 * A store of documents, found again by id, by time, and by the indexes that its user names. An object is one app's as long as that runs.
 *
 * @typeParam I the names of its indexes
 * @category Stores @since 0.1.0
 */
export interface DocumentStore<V, I extends string = string> {
  readonly name: string;
  /** Of a store that persists; usable while it is open. Left out: Kafka's offsets alone say where to go on. */
  readonly positions?: StorePositions | undefined;
  /**
   * Called by `app.run()` (or a reader) before all else; idempotent, and again after `close`. Rejects with `STORE` and its path.
   *
   * @param reset by `resetGroup` alone: the positions that {@link StorePositions.reincarnate} will be given. What that removes
   *   is no reason to refuse the store; documents that it leaves are, as they would be of the next `open`
   */
  open(reset?: readonly StorePosition[]): Promise<void>;
  /**
   * Writes all, or rejects. Undefined means: durable already. Called again with the same documents after a failure.
   * At most one call is under way at a time. What the guard throws, the call rejects with as it is.
   *
   * @param guard mostly the same object; undefined where nothing is guarded
   */
  write(documents: readonly Document<V>[], guard?: WriteGuard): Promise<void> | undefined;
  /** By `StoredDocument.id`. */
  get(id: string): Promise<StoredDocument<V> | undefined>;
  /**
   * The documents that an index files under `term`, in time order, those of one time by their sources; a consistent picture
   * as of the first `next`, while writes go on. Give up a scan by `return()`, as leaving a `for await` does. Rejects with
   * `STORE` for an index that the store does not have.
   */
  by(index: I, term: string, range?: TimeRange): AsyncIterable<StoredDocument<V>>;
  /** All documents of a time range, likewise. */
  byTime(range?: TimeRange): AsyncIterable<StoredDocument<V>>;
  /** The number of documents. */
  count(): Promise<number>;
  /** Idempotent; finishes the write under way. After it all but `open` rejects with `CLOSED`. */
  close(): Promise<void>;
}

/**
 * What a document is filed under in one index; undefined: it is not found by this one. Called with each document's value; a
 * throw, and anything but text, is a problem of that document in the stage `store`.
 */
export type IndexOf<V> = (value: V) => string | undefined;

/** How a store finds documents again; shared by all stores. */
export interface StoreOptions<V, I extends string = string> {
  /**
   * The document's own id, text: documents with one id replace each other, whatever records they are made of. A reset leaves
   * them. None is deleted: a record whose value is null is refused. Default: where the document came from.
   */
  readonly id?: ((value: V) => string) | undefined;
  /** The indexes, by the names under which `store.by` asks for them. Default: none. */
  readonly by?: { readonly [name in I]: IndexOf<V> } | undefined;
  /**
   * The document's time: a valid Date, or ISO 8601 text, whose time of day needs an offset (`Z`, `+02:00`) since without one
   * it is another instant on another machine. Default: the record's timestamp. A throw, or anything else, is a problem of
   * that document in the stage `store`.
   */
  readonly time?: ((value: V) => Date | string) | undefined;
  /**
   * What becomes of a document that a scan (`by`, `byTime`) cannot read, such as one that an earlier codec wrote: the scan ends
   * with the `DECODE` error, or a function hears that error and the scan goes on without the document. It waits for a
   * promise of the function's; what that rejects with, as what the function throws, ends the scan. `get` always rejects. Default `'fail'`.
   */
  readonly onUnreadable?: 'fail' | ((error: KafkaRxError) => void) | undefined;
}

/** Its name is in every error, and names its sinks. */
export const storeKind: Kind = required(storeWith(having('a store', 'open', 'write', 'close')));

/** What a reset asks of it: nothing is written, and what could not be told of it is found out before the offsets are set. */
export const resetStoreKind: Kind = storeWith(
  having('a store', 'open', 'close'),
  having('positions of a store', 'reincarnate'),
);

function storeWith(methods: Kind, positions: Kind = anything): Kind {
  return kind(methods.wants, store => {
    const fault = methods.fault(store);
    if (fault !== undefined) return fault;
    // It is an object: it may be asked for any name.
    const held = store as Partial<Record<'name' | 'positions', unknown>>;
    return faultIn('name', required(nameKind), held.name) ?? faultIn('positions', positions, held.positions);
  });
}
