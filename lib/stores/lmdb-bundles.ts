/**
 * Which bundle each record belongs to, sink by sink, on disk. @see Document.members
 *
 * Records of one bundle that lie next to each other are one run, so that a batch of a thousand is one entry for each
 * partition. Runs of a sink never overlap: what a later bundle takes is cut out of those of others.
 */
import { Buffer } from 'node:buffer';
import { ordinalSteps } from './document-source.js';
import { bundleKeyBytes, writeDocumentKey, writePlace } from './lmdb-layout.js';
import type { Names } from './lmdb-names.js';
import type { Tables } from './lmdb-tables.js';
import type { DocumentMember, DocumentSource, StorePosition } from './port.js';

/** In front of the offset of a run's key: origin, partition, sink. */
const laneBytes = 12;

interface Run {
  readonly origin: number;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  /** `''` for all runs of more than one record. */
  readonly ordinal: string;
}

/** A partition of a bundle, and the first of its records there. */
interface Span {
  readonly origin: number;
  readonly partition: number;
  readonly first: number;
}

export class LmdbBundles {
  readonly #tables: Tables;
  readonly #names: Names;

  constructor(tables: Tables, names: Names) {
    this.#tables = tables;
    this.#names = names;
  }

  /** Inside a write transaction. @returns the bundles that are to go, by their keys: no record is theirs any more */
  claim(source: DocumentSource, members: readonly DocumentMember[]): readonly Buffer[] {
    const sink = this.#names.intern('s', source.sink ?? '');
    const bundle = this.#bundleKey(source, sink);
    const known = this.#tables.bundles.get(bundle);
    if (known !== undefined && known.readDoubleBE(0) === members.length) return [];
    const gone: Buffer[] = [];
    const runs = runsOf(members, origin => this.#names.intern('o', origin));
    for (const run of runs) {
      gone.push(...(run.ordinal === '' ? this.#cutOut(sink, run, bundle) : this.#take(sink, run, bundle)));
      this.#put(sink, run, bundle);
    }
    this.#tables.bundles.put(bundle, bundleBytes(members.length, spansOf(runs)));
    return gone;
  }

  /** Inside a write transaction: whether the document may go with a reset to these positions; one of no bundle may. */
  mayGo(document: Buffer, from: (origin: number, partition: number) => number | undefined): boolean {
    const found = document.length < bundleKeyBytes ? undefined : this.#tables.bundles.get(bundleOf(document));
    if (found === undefined) return true;
    return spansIn(found).every(({ origin, partition, first }) => {
      const start = from(origin, partition);
      return start !== undefined && first >= start;
    });
  }

  /** Inside a write transaction: the documents of a bundle, which is forgotten. */
  drop(bundle: Buffer): Buffer[] {
    const end = Buffer.concat([bundle, Buffer.alloc(4, 0xff)]);
    this.#tables.bundles.remove(bundle);
    return [...this.#tables.documents.getKeys({ start: bundle, end })];
  }

  /** Inside a write transaction: the bundle of a removed document is forgotten. */
  forget(document: Buffer): void {
    if (document.length >= bundleKeyBytes) this.#tables.bundles.remove(bundleOf(document));
  }

  /** @see StorePositions.wholeFrom */
  wholeFrom(starts: readonly StorePosition[]): readonly number[] {
    const from = new Map<string, number>();
    const lanes = starts.flatMap(({ origin, partition, offset }) => {
      const number = this.#names.numberOf('o', origin);
      if (number === undefined) return [];
      from.set(`${number}/${partition}`, offset);
      return [{ origin: number, partition }];
    });
    for (let moved = true; moved; ) {
      moved = false;
      for (const { origin, partition } of lanes) {
        const start = from.get(`${origin}/${partition}`) ?? 0;
        for (const bundle of this.#bundlesFrom(origin, partition, start)) {
          for (const span of spansIn(bundle)) {
            const name = `${span.origin}/${span.partition}`;
            const begins = from.get(name);
            if (begins === undefined || begins <= span.first) continue;
            from.set(name, span.first);
            moved = true;
          }
        }
      }
    }
    return starts.map(({ origin, partition, offset }) => {
      const number = this.#names.numberOf('o', origin);
      return (number === undefined ? undefined : from.get(`${number}/${partition}`)) ?? offset;
    });
  }

  /** The bundles that have records of the partition at or above `start`, in every sink. */
  *#bundlesFrom(origin: number, partition: number, start: number): Generator<Buffer, void, undefined> {
    const { runs, bundles } = this.#tables;
    const lane = { origin, partition };
    const end = runKey(0, { origin, partition: partition + 1 }, 0);
    for (let sink = 0; ; sink++) {
      // To the next sink that has any, without a look at those between.
      const [next] = [...runs.getKeys({ start: runKey(sink, lane, 0), end, limit: 1 })];
      if (next === undefined) return;
      sink = next.readUInt32BE(8);
      const range = { start: runKey(sink, lane, start), end: runKey(sink + 1, lane, 0) };
      let last: Buffer | undefined;
      for (const { value } of runs.getRange(range)) {
        const bundle = value.subarray(8);
        if (last?.equals(bundle)) continue;
        last = Buffer.from(bundle);
        const found = bundles.get(last);
        if (found !== undefined) yield found;
      }
    }
  }

  /** Takes a run's records from whoever has them. */
  #cutOut(sink: number, run: Run, bundle: Buffer): readonly Buffer[] {
    const { runs } = this.#tables;
    const gone: Buffer[] = [];
    const range = { start: runKey(sink, run, run.first), end: runKey(sink + 1, run, 0) };
    const overlapping: { readonly other: Run; readonly owner: Buffer; readonly key: Buffer }[] = [];
    for (const { key, value } of runs.getRange(range)) {
      const other = readRun(key, value);
      if (other.ordinal !== '') continue;
      if (other.first > run.last) break;
      overlapping.push({ other, owner: Buffer.from(value.subarray(8)), key: Buffer.from(key) });
    }
    for (const { other, owner, key } of overlapping) {
      runs.remove(key);
      if (other.first < run.first) this.#put(sink, { ...other, last: run.first - 1 }, owner);
      if (other.last > run.last) this.#put(sink, { ...other, first: run.last + 1 }, owner);
      const taken = Math.min(other.last, run.last) - Math.max(other.first, run.first) + 1;
      if (!owner.equals(bundle)) gone.push(...this.#lose(owner, taken));
    }
    return gone;
  }

  /** The same for one of several records that were made of a source record. */
  #take(sink: number, run: Run, bundle: Buffer): readonly Buffer[] {
    const owner = this.#tables.runs.get(runKey(sink, run, run.last, run.ordinal))?.subarray(8);
    return owner === undefined || owner.equals(bundle) ? [] : this.#lose(Buffer.from(owner), 1);
  }

  #lose(bundle: Buffer, members: number): readonly Buffer[] {
    const found = this.#tables.bundles.get(bundle);
    if (found === undefined) return [];
    const left = found.readDoubleBE(0) - members;
    if (left <= 0) return [bundle];
    this.#tables.bundles.put(bundle, bundleBytes(left, spansIn(found)));
    return [];
  }

  #put(sink: number, run: Run, bundle: Buffer): void {
    const value = Buffer.alloc(8 + bundle.length);
    writeOffset(value, 0, run.first);
    bundle.copy(value, 8);
    this.#tables.runs.put(runKey(sink, run, run.last, run.ordinal), value);
  }

  #bundleKey(source: DocumentSource, sink: number): Buffer {
    const key = Buffer.alloc(bundleKeyBytes);
    const [first = 0, second = 0] = ordinalSteps(source.ordinal);
    const origin = this.#names.intern('o', source.origin);
    writeDocumentKey(key, 0, { origin, sink }, { ...source, ordinal: `.${first}.${second}` });
    return key;
  }
}

function bundleOf(document: Buffer): Buffer {
  return document.subarray(0, bundleKeyBytes);
}

/** Neighbours in one partition become one run; a part of a record stands alone. */
function runsOf(members: readonly DocumentMember[], numberOf: (origin: string) => number): readonly Run[] {
  const places = members
    .map(({ origin, ...place }) => ({ ...place, origin: numberOf(origin) }))
    .sort((a, b) => a.origin - b.origin || a.partition - b.partition || a.offset - b.offset);
  const runs: Run[] = [];
  for (const { origin, partition, offset, ordinal } of places) {
    const before = runs.at(-1);
    const next =
      before?.origin === origin &&
      before.partition === partition &&
      before.last + 1 === offset &&
      before.ordinal === '' &&
      ordinal === '';
    if (next) runs[runs.length - 1] = { ...before, last: offset };
    else runs.push({ origin, partition, first: offset, last: offset, ordinal });
  }
  return runs;
}

/** Runs come in order, so the first of a partition has its first record. */
function spansOf(runs: readonly Run[]): readonly Span[] {
  return runs.filter(({ origin, partition }, i) => {
    const before = runs[i - 1];
    return before?.origin !== origin || before.partition !== partition;
  });
}

function runKey(
  sink: number,
  { origin, partition }: Pick<Run, 'origin' | 'partition'>,
  offset: number,
  ordinal = '',
): Buffer {
  const steps = ordinalSteps(ordinal);
  const key = Buffer.alloc(laneBytes + 8 + steps.length * 4);
  key.writeUInt32BE(sink, key.writeUInt32BE(partition, key.writeUInt32BE(origin, 0)));
  let end = writeOffset(key, laneBytes, offset);
  for (const step of steps) end = key.writeUInt32BE(step, end);
  return key;
}

function readRun(key: Buffer, value: Buffer): Run {
  let ordinal = '';
  for (let at = laneBytes + 8; at < key.length; at += 4) ordinal += `.${key.readUInt32BE(at)}`;
  return {
    origin: key.readUInt32BE(0),
    partition: key.readUInt32BE(4),
    first: readOffset(value, 0),
    last: readOffset(key, laneBytes),
    ordinal,
  };
}

function bundleBytes(left: number, spans: readonly Span[]): Buffer {
  const bytes = Buffer.alloc(8 + spans.length * 16);
  let end = bytes.writeDoubleBE(left, 0);
  for (const { origin, partition, first } of spans) end = writePlace(bytes, end, origin, partition, first);
  return bytes;
}

function spansIn(bundle: Buffer): readonly Span[] {
  const spans: Span[] = [];
  for (let at = 8; at < bundle.length; at += 16) {
    const [origin, partition] = [bundle.readUInt32BE(at), bundle.readUInt32BE(at + 4)];
    spans.push({ origin, partition, first: readOffset(bundle, at + 8) });
  }
  return spans;
}

function writeOffset(target: Buffer, at: number, offset: number): number {
  const low = target.writeUInt32BE(Math.floor(offset / 0x1_00_00_00_00), at);
  return target.writeUInt32BE(offset % 0x1_00_00_00_00, low);
}

function readOffset(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_00_00_00_00 + bytes.readUInt32BE(at + 4);
}
