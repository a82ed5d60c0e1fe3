import { disregardWithin } from '../../base/disregard.js';
import { Queue } from '../../base/queue.js';
import { UnmaskedField } from '../../codecs/declared.js';
import type { KafkaRxError } from '../../errors/errors.js';
import { isInstance } from '../../errors/is-instance.js';
import { type Policy, verdictOf } from '../../errors/policies/policy.js';
import type { KafkaRecord } from '../../record/record.js';
import type { Document, DocumentStore } from '../../stores/port.js';
import { storeFailed } from '../../stores/store-failed.js';
import type { Verdict } from '../leases/delivery.js';
import { endedBefore, hold, isStale, release } from '../leases/leases.js';
import { Retries } from '../leases/retries.js';
import { unmasked } from './guard.js';
import type { SinkHost } from './sink.js';

/** A sink of the store, to which what it has taken comes back. Of one store object all documents are of one type. */
export interface StoreWriter {
  readonly name: string;
  readonly store: Pick<DocumentStore<unknown>, 'name'>;
  readonly maxDocuments: number;
  readonly onStoreError: Policy | undefined;
  document(record: KafkaRecord): Document<unknown>;
  /** May throw, or reject, as the store does. */
  write(documents: readonly Document<unknown>[]): Promise<void> | undefined;
  stored(documents: number): void;
  refuse(
    record: KafkaRecord,
    stage: 'encode' | 'store',
    error: KafkaRxError,
    verdict: Verdict | undefined,
  ): void;
}

/** What came to one sink in a row. */
interface Portion {
  readonly by: StoreWriter;
  readonly records: KafkaRecord[];
}

/**
 * The writes of one store, whatever sinks it has: one at a time, in the order in which records came to its sinks, so that of
 * documents with one id the last one stays. What is tried again is tried before anything that came behind it.
 *
 * At once when idle; what arrives while a write is under way, at all the sinks, goes into the next one.
 */
export class StoreWrites {
  readonly #host: SinkHost;
  readonly #waiting = new Queue<Portion>();
  /** The last of those that wait, which may grow. */
  #last: Portion | undefined;
  readonly #retries = new Retries();
  #busy = false;
  #underWay: Promise<unknown> | undefined;

  constructor(host: SinkHost) {
    this.#host = host;
  }

  /** Settles when the store has answered for what it was handed last; undefined: it has. */
  get underWay(): Promise<unknown> | undefined {
    return this.#underWay;
  }

  take(by: StoreWriter, record: KafkaRecord): void {
    const last = this.#last;
    if (last?.by === by && last.records.length < by.maxDocuments) last.records.push(record);
    else {
      this.#last = { by, records: [record] };
      this.#waiting.push(this.#last);
    }
    if (this.#busy) return;
    this.#busy = true;
    // Begun: it is written in the next turn, also if the app has failed by then.
    this.#host.clock.defer(() => this.#writeNext(true));
  }

  #writeNext(begun = false): void {
    this.#write(this.#gather(), 1, begun);
  }

  #gather(): readonly Portion[] {
    const portions: Portion[] = [];
    let documents = 0;
    let limit = Number.POSITIVE_INFINITY;
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const { by, records } = next;
      // A copy of the store's fields may write otherwise.
      if (portions[0] !== undefined && !writeAlike(portions[0].by.store, by.store)) break;
      limit = Math.min(limit, by.maxDocuments);
      documents += records.length;
      if (documents > limit) break;
      portions.push(next);
      this.#waiting.shift();
    }
    if (this.#waiting.length === 0) this.#last = undefined;
    return portions;
  }

  #write(waiting: readonly Portion[], attempt: number, begun: boolean): void {
    const portions = writable(waiting, begun);
    const [first] = portions;
    if (first === undefined) {
      this.#goOn();
      return;
    }
    let written: Promise<void> | undefined;
    try {
      written = first.by.write(documentsOf(portions));
    } catch (cause) {
      this.#failed(portions, cause, attempt);
      return;
    }
    if (written === undefined) {
      this.#done(portions);
      return;
    }
    this.#answered(written)
      .then(
        () => this.#done(portions),
        cause => this.#failed(portions, cause, attempt),
      )
      .catch(cause => this.#broken(portions, cause));
  }

  async #answered(written: Promise<void>): Promise<void> {
    this.#underWay = written;
    try {
      await written;
    } finally {
      this.#underWay = undefined;
    }
  }

  #done(portions: readonly Portion[]): void {
    for (const portion of portions) stored(portion);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#waiting.length === 0) this.#busy = false;
    else this.#host.clock.defer(() => this.#writeNext());
  }

  #failed(portions: readonly Portion[], cause: unknown, attempt: number): void {
    const records = recordsOf(portions);
    // Refused now or after all tries: by then a promise in it would have ended the process.
    if (attempt === 1) for (const record of records) disregardWithin(record.value);
    // What may not be written now may not be the next time.
    const isGuarded = isInstance(cause, UnmaskedField);
    if (!isGuarded && this.#again(portions, records, attempt)) return;
    if (records.length > 1) {
      // One document may be the cause: written alone, the others need not share its fate.
      this.#writeSingly(portions, attempt + 1, !isGuarded).catch(thrown => this.#broken(portions, thrown));
      return;
    }
    for (const { by, records } of portions) for (const record of records) refuse(by, record, cause, attempt);
    this.#goOn();
  }

  /** As a whole, and as often as the most patient of its sinks asks for: what waits behind another sink's waits in order. */
  #again(portions: readonly Portion[], records: readonly KafkaRecord[], attempt: number): boolean {
    const again = () => this.#write(portions, attempt + 1, false);
    const policies = new Set(portions.map(portion => this.#policyOf(portion)));
    for (const policy of policies) {
      if (this.#retries.again(this.#host, records, policy, attempt, again)) return true;
    }
    return false;
  }

  #policyOf({ by }: Portion): Policy | undefined {
    return by.onStoreError ?? this.#host.retryFor('store');
  }

  /** @param tried whether the tries of these were used up together: otherwise what fails alone has them still */
  async #writeSingly(portions: readonly Portion[], attempt: number, tried: boolean): Promise<void> {
    const rest = portions.flatMap(({ by, records }) => records.map(record => ({ by, records: [record] })));
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const failure = await this.#writeOne(next);
      if (failure === undefined) continue;
      if (!tried && !isInstance(failure.cause, UnmaskedField)) {
        this.#failed([next, ...rest], failure.cause, 1);
        return;
      }
      for (const record of next.records) refuse(next.by, record, failure.cause, attempt);
    }
    this.#goOn();
  }

  /** @returns why it is not written; undefined where it is, or is not to be any more */
  async #writeOne(portion: Portion): Promise<{ readonly cause: unknown } | undefined> {
    const [left] = writable([portion], false);
    if (left === undefined) return undefined;
    try {
      const written = left.by.write(documentsOf([left]));
      if (written !== undefined) await this.#answered(written);
    } catch (cause) {
      return { cause };
    }
    stored(left);
    return undefined;
  }

  /** A throw of our own must not leave the store busy for ever. */
  #broken(portions: readonly Portion[], cause: unknown): void {
    const records = recordsOf(portions);
    for (const record of records) hold(record);
    const name = portions[0]?.by.store.name ?? '';
    this.#host.fail(notWritten(name, cause, records[0], 1));
    this.#goOn();
  }
}

/** One object, or copies of its fields, which have one function. */
function writeAlike(one: object, other: object): boolean {
  if (one === other) return true;
  const write = ownWrite(one);
  return write !== undefined && write === ownWrite(other);
}

function ownWrite(store: object): unknown {
  return Object.getOwnPropertyDescriptor(store, 'write')?.value;
}

function stored({ by, records }: Portion): void {
  by.stored(records.length);
  for (const record of records) release(record);
}

function recordsOf(portions: readonly Portion[]): readonly KafkaRecord[] {
  return portions.flatMap(portion => portion.records);
}

/** Those that may still be written now: what waited, or is tried again, may have become stale or the app have ended. */
function writable(portions: readonly Portion[], begun: boolean): readonly Portion[] {
  return portions
    .map(({ by, records }) => ({ by, records: records.filter(record => mayBeWritten(record, begun)) }))
    .filter(({ records }) => records.length > 0);
}

function mayBeWritten(record: KafkaRecord, begun: boolean): boolean {
  if (!begun && endedBefore(record)) return false;
  if (!isStale(record)) return true;
  // Released, it is counted as stale.
  release(record);
  return false;
}

function documentsOf(portions: readonly Portion[]): readonly Document<unknown>[] {
  const documents: Document<unknown>[] = [];
  for (const { by, records } of portions) for (const record of records) documents.push(by.document(record));
  return documents;
}

function refuse(by: StoreWriter, record: KafkaRecord, cause: unknown, tries: number): void {
  if (isInstance(cause, UnmaskedField)) {
    by.refuse(record, 'encode', unmasked(cause, record, by.name), undefined);
    return;
  }
  by.refuse(record, 'store', notWritten(by.store.name, cause, record, tries), verdictOf(by.onStoreError));
}

/** @internal What a store threw for a record of a sink. */
export function notWritten(
  store: string,
  cause: unknown,
  at: KafkaRecord | undefined,
  tries: number,
): KafkaRxError {
  return storeFailed(cause, {
    store,
    doing: 'write',
    at,
    remedy: "Look at the store's disk and permissions, or set a policy for 'store', such as retry()",
    tries,
  });
}
