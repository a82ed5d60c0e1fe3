import { nameKind } from '../base/name-kinds.js';
import { newId as randomId } from '../base/new-id.js';
import { call, required, whole } from '../base/option-kinds.js';
import { checkArgument, type Fields } from '../base/option-schema.js';
import { type Codec, codecKind } from '../codecs/codec.js';
import { declare, declaredShape } from '../codecs/declared.js';
import { KafkaRxError } from '../errors/errors.js';
import { lowerOf, mergedBegin } from './begin-below.js';
import { checkPosition, checkSource, documentId, ordinalSteps } from './document-source.js';
import { bounds, type Filing, filingsOf, indexesOf, timeOf } from './index-values.js';
import { lmdbOptions, readOnlyStore } from './lmdb-options.js';
import { MemoryBundles } from './memory-bundles.js';
import { type Kept, MemoryValues } from './memory-values.js';
import { sourceOfId, underOwnId } from './own-ids.js';
import type {
  BeginBelow,
  Document,
  DocumentSource,
  DocumentStore,
  StoredDocument,
  StoreOptions,
  StorePositions,
  TimeRange,
  WriteGuard,
} from './port.js';
import { checkStoreOptions, renamedMethods, requireId, requireIndex } from './store-options.js';
import { readOrTell, unreadable } from './unreadable.js';

/**
 * A store in memory, with what tests need on top: a look inside and faults on command.
 *
 * @category Stores @since 0.1.0
 */
export interface MemoryStore<V, I extends string = string> extends DocumentStore<V, I> {
  /** All documents in time order, at once; also before `open` and after `close`. */
  documents(): readonly StoredDocument<V>[];
  /**
   * The next `times` writes store nothing and reject with `error`.
   *
   * @param error default: a `KafkaRxError` with code `STORE`, retriable
   */
  failWrites(times: number, error?: unknown): void;
  /** From now on a write stores nothing and stays pending until {@link MemoryStore.releaseWrites}. */
  holdWrites(): void;
  /** Does what was held, in order, and ends the holding. */
  releaseWrites(): void;
}

/**
 * Those of the store on disk: one set of options serves the program and its tests.
 *
 * @category Stores @since 0.1.0
 */
export interface MemoryStoreOptions<V, I extends string = string> extends StoreOptions<V, I> {
  /**
   * Encodes each value as it is written and decodes it as it is read: what the store on disk would refuse is refused, and what
   * is read is what that would give. Default: none, and the value itself is kept, by reference, whatever it is.
   */
  readonly value?: Codec<V> | undefined;
  /** Of the store on disk: checked, and not used. */
  readonly directory?: string | undefined;
  /** Refuses every write. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Of the store on disk: checked, and not used. */
  readonly snapshotMs?: number | undefined;
  /** Makes the store's own id, without white space. Default: a random UUID. */
  readonly newId?: (() => string) | undefined;
}

interface Entry<V> {
  readonly source: DocumentSource;
  readonly kept: Kept<V>;
  readonly time: number;
  readonly filings: readonly Filing[];
  /** Breaks ties of time: origin in the order of first sight, partition, offset, sink likewise, then the ordinal's steps. */
  readonly order: readonly number[];
}

const timesKind = required(whole(0, { endless: true }));

const memoryStoreOptions: Fields<MemoryStoreOptions<unknown>> = {
  ...lmdbOptions,
  value: codecKind,
  newId: call,
};

/**
 * The twin of the stores on disk: the same answers by the same contract (`spec/contract/store-contract.ts`), kept in
 * memory. A write is durable when the call returns. With `value`, the codec of the store on disk, it is as strict as that; without
 * one it keeps values by reference: hand over what nobody changes.
 *
 * @example
 * const history = memoryStore<MaskedPurchase>('history', { by: { customer: p => p.customerId } });
 *
 * @param options `value`, `by`, `time`; see {@link MemoryStoreOptions}
 * @returns a store whose documents outlive `close` and a second `open`, as they do on disk
 * @throws {KafkaRxError} (by rejection) `CLOSED` where it is not open; `STORE` for an invalid source, time or range;
 *   `ENCODE` and `DECODE` from the codec, and `ENCODE` for what no codec has bytes for: undefined, a function, a symbol
 *
 * @category Stores @since 0.1.0
 */
export function memoryStore<V, I extends string = string>(
  name: string,
  options: MemoryStoreOptions<V, I> = {},
): MemoryStore<V, I> {
  checkArgument('memoryStore', 'the name', required(nameKind), name);
  const where = `store ${name}`;
  checkStoreOptions(`memoryStore('${name}')`, memoryStoreOptions, options);
  const indexes = indexesOf<V>(options);
  const values = new MemoryValues<V>(options.value, where);
  const entries = new Map<string, Entry<V>>();
  const origins = new Map<string, number>();
  const sinks = new Map<string, number>();
  const noted = new Map<string, number>();
  const below = new Map<string, BeginBelow>();
  const bundles = new MemoryBundles();
  const lost = new Set<string>();
  let sorted: readonly Entry<V>[] | undefined;
  let isOpen = false;
  let failures: { times: number; readonly error: unknown } | undefined;
  let held: (() => void)[] | undefined;

  function notOpen(): KafkaRxError {
    return new KafkaRxError('CLOSED', `${where} is not open`, {
      remedy: 'Call open() before, and nothing after close()',
    });
  }

  function plain({ source, kept, time }: Entry<V>): StoredDocument<V> {
    const value = values.read(kept, source);
    return { id: options.id?.(value) ?? documentId(source), value, time };
  }

  function requireOpen(): void {
    if (!isOpen) throw notOpen();
  }

  function inOrder(): readonly Entry<V>[] {
    // Never changed once built: a scan that began before a write goes on with the array that it has.
    sorted ??= [...entries.values()].sort(byTimeAndSource);
    return sorted;
  }

  function numberIn(names: Map<string, number>, name: string): number {
    const number = names.get(name) ?? names.size;
    names.set(name, number);
    return number;
  }

  function store(documents: readonly Document<V>[], guard: WriteGuard | undefined): void {
    requireOpen();
    if (options.readOnly === true) throw readOnlyStore(where);
    if (failures !== undefined && failures.times > 0) {
      failures.times--;
      throw failures.error;
    }
    const ready = documents.map(document => {
      checkSource(document.source, where);
      // What is wrong with several parts of a document is told of the same one as on disk.
      return {
        document: underOwnId(document, options, where, guard),
        kept: values.kept(document, guard),
        time: timeOf(document, options, where, guard),
        filings: filingsOf(document, indexes, where, guard),
      };
    });
    for (const { document, kept, time, filings } of ready) {
      const { source } = document;
      const { origin, partition, offset, sink = '', ordinal } = source;
      const place = [numberIn(origins, origin), partition, offset, numberIn(sinks, sink)];
      const id = documentId(source);
      const gone = document.members === undefined ? [] : bundles.claim(source, document.members, id);
      for (const each of gone) entries.delete(each);
      entries.set(id, {
        source,
        kept,
        time,
        filings,
        order: [...place, ...ordinalSteps(ordinal)],
      });
    }
    if (ready.length > 0) sorted = undefined;
  }

  // A generator starts at the first `next`: that is when a scan's picture is taken, here as on disk.
  async function* scan(
    range: TimeRange | undefined,
    matches: (entry: Entry<V>) => boolean,
    check: () => void = () => {},
  ) {
    requireOpen();
    check();
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = bounds(range, where);
    for (const entry of inOrder()) {
      requireOpen();
      if (entry.time < from || entry.time >= to || !matches(entry)) continue;
      await values.prepare(entry.kept);
      const stored = readOrTell(() => plain(entry), entry.source, where, options.onUnreadable);
      if (stored instanceof Promise) await stored;
      else yield stored;
    }
  }

  const positions: StorePositions = {
    id: (options.newId ?? randomId)(),
    isNew: () => noted.size === 0,
    standsFor: () => [...lost],
    standFor(ids) {
      for (const id of ids) lost.add(id);
      return undefined;
    },
    read(origin, partition) {
      requireOpen();
      return noted.get(`${origin}/${partition}`);
    },
    advance(news) {
      try {
        requireOpen();
        for (const position of news) checkPosition(position, where);
      } catch (error) {
        return Promise.reject(error);
      }
      for (const { origin, partition, offset } of news) {
        const key = `${origin}/${partition}`;
        // What was noted is true for good; who comes late must not take it back.
        noted.set(key, Math.max(offset, noted.get(key) ?? offset));
        if (offset >= (below.get(key)?.instead ?? 0)) below.delete(key);
      }
      return undefined;
    },
    wholeFrom(starts) {
      requireOpen();
      return bundles.wholeFrom(
        starts.map(start => lowerOf(start, below.get(`${start.origin}/${start.partition}`))),
      );
    },
    beginBelow(begins) {
      requireOpen();
      for (const begin of begins) checkPosition(begin, where);
      for (const begin of begins) {
        const key = `${begin.origin}/${begin.partition}`;
        below.set(key, mergedBegin(begin, below.get(key)));
      }
      return undefined;
    },
    async reincarnate(news) {
      requireOpen();
      for (const position of news) checkPosition(position, where);
      for (const id of bundles.dropFrom(news)) entries.delete(id);
      for (const { origin, partition, offset } of news) {
        const number = origins.get(origin);
        for (const [id, { order }] of entries) {
          if (bundles.has(id)) continue;
          if (order[0] === number && order[1] === partition && (order[2] ?? 0) >= offset) entries.delete(id);
        }
        noted.set(`${origin}/${partition}`, offset);
        below.delete(`${origin}/${partition}`);
      }
      sorted = undefined;
    },
  };

  const made = Object.assign<MemoryStore<V, I>, object>(
    {
      name,
      positions,
      async open(reset) {
        if (reset !== undefined && options.readOnly === true) throw readOnlyStore(where);
        isOpen = true;
      },
      write(documents, guard) {
        try {
          requireOpen();
          if (held === undefined) {
            store(documents, guard);
            return undefined;
          }
        } catch (error) {
          return Promise.reject(error);
        }
        const waiting = held;
        return new Promise((resolve, reject) => {
          waiting.push(() => {
            try {
              store(documents, guard);
              resolve();
            } catch (error) {
              reject(error);
            }
          });
        });
      },
      async get(id) {
        requireOpen();
        requireId(id, where);
        const own = options.id === undefined ? undefined : entries.get(documentId(sourceOfId(id)));
        const entry = own ?? entries.get(id);
        if (entry === undefined) return undefined;
        try {
          await values.prepare(entry.kept);
          return plain(entry);
        } catch (cause) {
          throw unreadable(cause, entry.source, where);
        }
      },
      by: (index, term, range) =>
        scan(
          range,
          ({ filings }) => filings.some(filing => filing.index === index && filing.term === term),
          () => requireIndex(index, indexes, where, term),
        ),
      byTime: range => scan(range, () => true),
      async count() {
        requireOpen();
        return entries.size;
      },
      async close() {
        isOpen = false;
      },
      documents: () => inOrder().map(plain),
      failWrites(times, error) {
        checkArgument('failWrites', 'times', timesKind, times);
        failures = {
          times,
          error:
            error ??
            new KafkaRxError('STORE', `${where} could not write`, {
              retriable: true,
              remedy: 'This failure was asked for by failWrites()',
            }),
        };
      },
      holdWrites() {
        held ??= [];
      },
      releaseWrites() {
        const waiting = held ?? [];
        held = undefined;
        for (const write of waiting) write();
      },
    },
    renamedMethods,
  );
  return declare(made, options.value && declaredShape(options.value));
}

function byTimeAndSource<V>(a: Entry<V>, b: Entry<V>): number {
  if (a.time !== b.time) return a.time - b.time;
  const shared = Math.min(a.order.length, b.order.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a.order[i] ?? 0) - (b.order[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.order.length - b.order.length;
}
