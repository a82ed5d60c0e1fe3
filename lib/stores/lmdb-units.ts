/**
 * Which unit each record belongs to, branch by branch, on disk. @see Document.members
 *
 * Records of one unit that lie next to each other are one run, so that a batch of a thousand is one entry for each
 * partition. Runs of a branch never overlap: what a later unit takes is cut out of those of others.
 */
import { Buffer } from 'node:buffer';
import { ordinalSteps } from './document-source.js';
import { unitKeyBytes, writeDocumentKey, writePlace } from './lmdb-layout.js';
import type { Names } from './lmdb-names.js';
import type { Tables } from './lmdb-tables.js';
import type { DocumentMember, DocumentSource, StorePosition } from './port.js';

/** In front of the offset of a run's key: origin, partition, branch. */
const laneBytes = 12;

interface Run {
  readonly origin: number;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  /** `''` for all runs of more than one record. */
  readonly ordinal: string;
}

/** A partition of a unit, and the first of its records there. */
interface Span {
  readonly origin: number;
  readonly partition: number;
  readonly first: number;
}

export class LmdbUnits {
  readonly #tables: Tables;
  readonly #names: Names;

  constructor(tables: Tables, names: Names) {
    this.#tables = tables;
    this.#names = names;
  }

  /** Inside a write transaction. @returns the units that are to go, by their keys: no record is theirs any more */
  claim(source: DocumentSource, members: readonly DocumentMember[]): readonly Buffer[] {
    const branch = this.#names.intern('b', source.branch ?? '');
    const unit = this.#unitKey(source, branch);
    const known = this.#tables.units.get(unit);
    if (known !== undefined && known.readDoubleBE(0) === members.length) return [];
    const gone: Buffer[] = [];
    const runs = runsOf(members, origin => this.#names.intern('o', origin));
    for (const run of runs) {
      gone.push(...(run.ordinal === '' ? this.#cutOut(branch, run, unit) : this.#take(branch, run, unit)));
      this.#put(branch, run, unit);
    }
    this.#tables.units.put(unit, unitBytes(members.length, spansOf(runs)));
    return gone;
  }

  /** Inside a write transaction: whether the document may go with a reset to these positions; one of no unit may. */
  mayGo(document: Buffer, from: (origin: number, partition: number) => number | undefined): boolean {
    const found = document.length < unitKeyBytes ? undefined : this.#tables.units.get(unitOf(document));
    if (found === undefined) return true;
    return spansIn(found).every(({ origin, partition, first }) => {
      const start = from(origin, partition);
      return start !== undefined && first >= start;
    });
  }

  /** Inside a write transaction: the documents of a unit, which is forgotten. */
  drop(unit: Buffer): Buffer[] {
    const end = Buffer.concat([unit, Buffer.alloc(4, 0xff)]);
    this.#tables.units.remove(unit);
    return [...this.#tables.documents.getKeys({ start: unit, end })];
  }

  /** Inside a write transaction: the unit of a removed document is forgotten. */
  forget(document: Buffer): void {
    if (document.length >= unitKeyBytes) this.#tables.units.remove(unitOf(document));
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
        for (const unit of this.#unitsFrom(origin, partition, start)) {
          for (const span of spansIn(unit)) {
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

  /** The units that have records of the partition at or above `start`, in every branch. */
  *#unitsFrom(origin: number, partition: number, start: number): Generator<Buffer, void, undefined> {
    const { runs, units } = this.#tables;
    const lane = { origin, partition };
    const end = runKey(0, { origin, partition: partition + 1 }, 0);
    for (let branch = 0; ; branch++) {
      // To the next branch that has any, without a look at those between.
      const [next] = [...runs.getKeys({ start: runKey(branch, lane, 0), end, limit: 1 })];
      if (next === undefined) return;
      branch = next.readUInt32BE(8);
      const range = { start: runKey(branch, lane, start), end: runKey(branch + 1, lane, 0) };
      let last: Buffer | undefined;
      for (const { value } of runs.getRange(range)) {
        const unit = value.subarray(8);
        if (last?.equals(unit)) continue;
        last = Buffer.from(unit);
        const found = units.get(last);
        if (found !== undefined) yield found;
      }
    }
  }

  /** Takes a run's records from whoever has them. */
  #cutOut(branch: number, run: Run, unit: Buffer): readonly Buffer[] {
    const { runs } = this.#tables;
    const gone: Buffer[] = [];
    const range = { start: runKey(branch, run, run.first), end: runKey(branch + 1, run, 0) };
    const overlapping: { readonly other: Run; readonly owner: Buffer; readonly key: Buffer }[] = [];
    for (const { key, value } of runs.getRange(range)) {
      const other = readRun(key, value);
      if (other.ordinal !== '') continue;
      if (other.first > run.last) break;
      overlapping.push({ other, owner: Buffer.from(value.subarray(8)), key: Buffer.from(key) });
    }
    for (const { other, owner, key } of overlapping) {
      runs.remove(key);
      if (other.first < run.first) this.#put(branch, { ...other, last: run.first - 1 }, owner);
      if (other.last > run.last) this.#put(branch, { ...other, first: run.last + 1 }, owner);
      const taken = Math.min(other.last, run.last) - Math.max(other.first, run.first) + 1;
      if (!owner.equals(unit)) gone.push(...this.#lose(owner, taken));
    }
    return gone;
  }

  /** The same for one of several records that were made of a source record. */
  #take(branch: number, run: Run, unit: Buffer): readonly Buffer[] {
    const owner = this.#tables.runs.get(runKey(branch, run, run.last, run.ordinal))?.subarray(8);
    return owner === undefined || owner.equals(unit) ? [] : this.#lose(Buffer.from(owner), 1);
  }

  #lose(unit: Buffer, members: number): readonly Buffer[] {
    const found = this.#tables.units.get(unit);
    if (found === undefined) return [];
    const left = found.readDoubleBE(0) - members;
    if (left <= 0) return [unit];
    this.#tables.units.put(unit, unitBytes(left, spansIn(found)));
    return [];
  }

  #put(branch: number, run: Run, unit: Buffer): void {
    const value = Buffer.alloc(8 + unit.length);
    writeOffset(value, 0, run.first);
    unit.copy(value, 8);
    this.#tables.runs.put(runKey(branch, run, run.last, run.ordinal), value);
  }

  #unitKey(source: DocumentSource, branch: number): Buffer {
    const key = Buffer.alloc(unitKeyBytes);
    const [first = 0, second = 0] = ordinalSteps(source.ordinal);
    const origin = this.#names.intern('o', source.origin);
    writeDocumentKey(key, 0, { origin, branch }, { ...source, ordinal: `.${first}.${second}` });
    return key;
  }
}

function unitOf(document: Buffer): Buffer {
  return document.subarray(0, unitKeyBytes);
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
  branch: number,
  { origin, partition }: Pick<Run, 'origin' | 'partition'>,
  offset: number,
  ordinal = '',
): Buffer {
  const steps = ordinalSteps(ordinal);
  const key = Buffer.alloc(laneBytes + 8 + steps.length * 4);
  key.writeUInt32BE(branch, key.writeUInt32BE(partition, key.writeUInt32BE(origin, 0)));
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

function unitBytes(left: number, spans: readonly Span[]): Buffer {
  const bytes = Buffer.alloc(8 + spans.length * 16);
  let end = bytes.writeDoubleBE(left, 0);
  for (const { origin, partition, first } of spans) end = writePlace(bytes, end, origin, partition, first);
  return bytes;
}

function spansIn(unit: Buffer): readonly Span[] {
  const spans: Span[] = [];
  for (let at = 8; at < unit.length; at += 16) {
    const [origin, partition] = [unit.readUInt32BE(at), unit.readUInt32BE(at + 4)];
    spans.push({ origin, partition, first: readOffset(unit, at + 8) });
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
