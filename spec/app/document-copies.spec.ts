import fc from 'fast-check';
import {
  type App,
  type Document,
  type KafkaRecord,
  type MemoryStore,
  memoryStore,
  type StoredDocument,
  string,
} from 'kafka-rx';
import { batch, flatMapValue, mapAsync, mergeNamed, share, through } from 'kafka-rx/operators';
import { filter, groupBy, merge, mergeMap, type Observable } from 'rxjs';
import { Members } from './members.js';

const value = string;
type Text$ = Observable<KafkaRecord<Buffer | null, string>>;
type Step = (in$: Text$) => Text$;

const said = (record: KafkaRecord<Buffer | null, string>) => record.value;
const joined = (maxRecords: number, maxWaitMs = 50) =>
  batch((records: readonly KafkaRecord<Buffer | null, string>[]) => records.map(said).join(','), {
    maxRecords,
    maxWaitMs,
  });
/** Each record once under each of these letters: `0a`, `0b`. */
const copies =
  (...letters: readonly string[]): Step =>
  in$ =>
    in$.pipe(mergeMap(record => letters.map(letter => record.withValue(`${record.value}${letter}`))));
const copiesOf = (letters: readonly string[]) => copies(...letters);
const letterOf = (record: KafkaRecord<Buffer | null, string>) => record.value.slice(-1);

type Topology = (in$: Text$, app: App, store: MemoryStore<string>) => void;
const into =
  (step: Step): Topology =>
  (in$, app, store) => {
    step(in$).subscribe(app.store(store));
  };

/** One run of a topology. */
interface Run {
  /** Where the group is put back to before, partition by partition, unless it is there or below already. */
  readonly back?: readonly number[];
  readonly topology: Topology;
  /** After so many writes the process dies. Left out: it is stopped. */
  readonly writes?: number | undefined;
}

/** Runs one after the other over the same records. @returns what the store holds after each */
async function runs(values: readonly string[], partitions: number, steps: readonly Run[]) {
  const members = new Members({ in: partitions });
  const store = memoryStore<string>('history');
  const timestamp = members.clock.now();
  members.broker.publish(
    'in',
    values.map((text, i) => ({ value: text, partition: i % partitions, timestamp })),
  );
  const kept: (readonly StoredDocument<string>[])[] = [];
  for (const { back = [], topology, writes } of steps) {
    for (const [partition, committed] of members.committed('in').entries()) {
      const offset = Math.min(committed, back[partition] ?? committed);
      if (offset >= 0) members.broker.setCommitted('group', { topic: 'in', partition }, offset);
    }
    const member = members.start(app => topology(app.topic('in', { value }), app, dying(store, writes)));
    await members.pass(1500);
    void member.app.stop();
    await members.pass(200);
    if (writes === undefined) expect(member.outcome).toBe('done');
    kept.push(store.documents());
  }
  return kept;
}

/** The store as a process sees it that dies after so many writes. */
function dying(store: MemoryStore<string>, writes = Number.POSITIVE_INFINITY): MemoryStore<string> {
  let left = writes;
  return {
    ...store,
    write: (documents: readonly Document<string>[]) =>
      left-- > 0 ? store.write(documents) : Promise.reject(new Error('the process is dead')),
  };
}

const partsOf = (documents: readonly StoredDocument<string>[] | undefined) =>
  (documents ?? []).flatMap(document => document.value.split(',')).sort();
const valuesOf = (documents: readonly StoredDocument<string>[] | undefined) =>
  (documents ?? []).map(document => document.value).sort();
describe('several copies of one record into one store', () => {
  test('a batch that holds more records than that of another group does not take its document', async () => {
    // The group of a never has record 0: its set is a part of that of b.
    const step: Step = in$ =>
      copies(
        'b',
        'a',
      )(in$).pipe(
        filter(record => record.value !== '0a'),
        groupBy(letterOf),
        mergeMap(group => group.pipe(joined(3))),
      );
    const [first, second] = await runs(['0', '1', '2'], 1, [
      { topology: into(step) },
      { back: [0], topology: into(step) },
    ]);
    expect(valuesOf(first)).toEqual(['0b,1b,2b', '1a,2a']);
    expect(second).toEqual(first);
  });

  test('batches of other sizes, of the same copies, replace each other only when all of them came again', async () => {
    const step =
      (a: number, b: number): Step =>
      in$ =>
        copies(
          'a',
          'b',
        )(in$).pipe(
          groupBy(letterOf),
          mergeMap(group => group.pipe(joined(group.key === 'a' ? a : b))),
        );
    const kept = await runs(['0', '1', '2', '3', '4', '5'], 1, [
      { topology: into(step(2, 3)) },
      { back: [0], topology: into(step(3, 2)) },
      { back: [0], topology: into(step(6, 1)) },
      { back: [3], topology: into(step(1, 6)) },
    ]);
    const all = ['0', '1', '2', '3', '4', '5'].flatMap(text => [`${text}a`, `${text}b`]);
    for (const documents of kept) expect(partsOf(documents)).toEqual(all);
  });

  test('a batch of two copies of one record is replaced by two batches of one each, and the other way round', async () => {
    const step =
      (size: number): Step =>
      in$ =>
        copies('a', 'b')(in$).pipe(joined(size));
    const all = ['0a', '0b', '1a', '1b', '2a', '2b'];
    const kept = await runs(['0', '1', '2'], 1, [
      { topology: into(step(2)) },
      { back: [0], topology: into(step(1)) },
      { back: [0], topology: into(step(3)) },
      { back: [0], topology: into(step(4)) },
      { back: [0], topology: into(step(2)) },
    ]);
    for (const documents of kept) expect(partsOf(documents)).toEqual(all);
    expect(kept[4]).toEqual(kept[0]);
  });

  test('several documents of one batch go together, however many the next one makes', async () => {
    const step =
      (size: number, split: Step): Step =>
      in$ =>
        split(in$.pipe(joined(size)));
    const apart: Step = in$ =>
      in$.pipe(mergeMap(record => record.value.split(',').map(text => record.withValue(text))));
    const kept = await runs(['0', '1', '2', '3'], 1, [
      { topology: into(step(4, apart)) },
      { back: [0], topology: into(step(3, apart)) },
      { back: [0], topology: into(step(1, apart)) },
      { back: [0], topology: into(step(2, in$ => in$.pipe(flatMapValue(text => text.split(','))))) },
    ]);
    for (const documents of kept) expect(valuesOf(documents)).toEqual(['0', '1', '2', '3']);
  });

  test('a batch of batches keeps the copies apart too', async () => {
    const step =
      (inner: number, outer: number): Step =>
      in$ =>
        copies(
          'a',
          'b',
        )(in$.pipe(joined(inner))).pipe(
          groupBy(letterOf),
          mergeMap(group => group.pipe(joined(outer))),
        );
    const kept = await runs(['0', '1', '2', '3', '4', '5'], 1, [
      { topology: into(step(1, 2)) },
      { back: [0], topology: into(step(1, 3)) },
      { back: [2], topology: into(step(1, 1)) },
    ]);
    const all = ['0', '1', '2', '3', '4', '5'].flatMap(text => [`${text}a`, `${text}b`]);
    for (const documents of kept) expect(partsOf(documents)).toEqual(all);
  });

  test('two batches that one batch gathers are told apart', async () => {
    const step =
      (outer: number): Step =>
      in$ => {
        const both = merge(
          copies('a')(in$).pipe(joined(2)),
          copies('b')(in$).pipe(joined(3)),
          copies('c')(in$).pipe(flatMapValue(text => [text])),
          copies('d')(in$),
        );
        return both.pipe(
          groupBy(letterOf),
          mergeMap(group => group.pipe(joined(outer))),
        );
      };
    const all = ['0', '1', '2', '3', '4', '5'].flatMap(text => ['a', 'b', 'c', 'd'].map(l => `${text}${l}`));
    const kept = await runs(['0', '1', '2', '3', '4', '5'], 1, [
      { topology: into(step(1)) },
      { back: [0], topology: into(step(2)) },
      { back: [3], topology: into(step(1)) },
    ]);
    for (const documents of kept) expect(partsOf(documents)).toEqual(all);
  });
});

test('a process that dies while it brings a batch again leaves it to the next one, though the commit is above it', async () => {
  const byRest: Step = in$ =>
    in$.pipe(
      groupBy(record => Number(record.value) % 3),
      mergeMap(group => group.pipe(joined(2))),
    );
  const kept = await runs(['0', '1', '2', '3', '4', '5', '6', '7'], 2, [
    { topology: into(joined(2)) },
    // 5 and 7 were one batch: 7 is written with 4, and 5 is not written.
    { back: [2, 3], topology: into(byRest), writes: 1 },
    { topology: into(byRest) },
  ]);
  expect(partsOf(kept.at(-1))).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
});

describe('random programs, restarted at random', () => {
  const ways = ['a', 'b', 'c'];
  /** How a record becomes copies. */
  const splits: Readonly<Record<string, (letters: readonly string[]) => Step>> = {
    mergeMap: letters => copies(...letters),
    merge: letters => in$ => {
      const shared = in$.pipe(share());
      return merge(...letters.map(letter => copies(letter)(shared)));
    },
    mergeNamed: letters => in$ => mergeNamed('all', ...letters.map(letter => copies(letter)(in$))),
    mapAsync: letters => in$ =>
      merge(...letters.map(letter => in$.pipe(mapAsync(async (text: string) => `${text}${letter}`)))),
    // In one order always: the ordinals are theirs.
    flatMapValue: letters => in$ =>
      in$.pipe(flatMapValue(text => letters.toSorted().map(letter => `${text}${letter}`))),
  };
  const program = fc.record({
    partitions: fc.integer({ min: 1, max: 2 }),
    letters: fc.subarray(ways, { minLength: 1 }),
    split: fc.constantFrom(...Object.keys(splits)),
    /** Of these records the copy of that letter is dropped. */
    dropped: fc.array(fc.tuple(fc.nat(7), fc.constantFrom(...ways)), { maxLength: 6 }),
    batched: fc.constantFrom('no', 'once', 'once', 'once', 'twice'),
    /** Copies of what the first of two batches makes. */
    between: fc.integer({ min: 1, max: 2 }),
    /** Documents of one batch. */
    made: fc.integer({ min: 1, max: 2 }),
    makes: fc.constantFrom('mergeMap', 'flatMapValue'),
    through: fc.boolean(),
    /** The documents of the letter a go to a sink of their own, wherever they stand in the order of a run. */
    routed: fc.boolean(),
  });
  /** What may differ from run to run. */
  const run = fc.record({
    back: fc.array(fc.nat(4), { minLength: 2, maxLength: 2 }),
    grouped: fc.constantFrom('not', 'letter', 'record', 'both'),
    sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    reversed: fc.boolean(),
    /** After so many it dies. */
    writes: fc.option(fc.nat(3), { nil: undefined }),
  });
  const letterOfText = (text: string) => text.charAt(1);

  test('lose no document and have none twice', async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.array(run, { minLength: 1, maxLength: 5 }), async (what, tries) => {
        const texts = Array.from({ length: 8 }, (_, i) => `${i}`);
        const isDropped = (text: string) => what.dropped.some(([i, letter]) => text === `${i}${letter}`);
        const topologyOf =
          ({ grouped, sizes, reversed }: (typeof tries)[number]): Topology =>
          (in$, app, store) => {
            const letters = reversed ? what.letters.toReversed() : what.letters;
            const split = splits[what.split] ?? copiesOf;
            const kept$ = split(letters)(in$).pipe(filter(record => !isDropped(record.value)));
            const keyOf = ({ value: text }: KafkaRecord<Buffer | null, string>) => {
              const letter =
                what.routed || grouped === 'letter' || grouped === 'both' ? letterOfText(text) : '';
              const rest = grouped === 'record' || grouped === 'both' ? Number.parseInt(text, 10) % 3 : '';
              return `${letter}${rest}`;
            };
            let groups = 0;
            const inBatches: Step = some$ =>
              some$.pipe(
                groupBy(keyOf),
                mergeMap(group => group.pipe(joined(sizes[groups++ % sizes.length] ?? 1))),
              );
            let made$ = kept$;
            if (what.batched !== 'no') {
              made$ = inBatches(made$);
              if (what.batched === 'twice') {
                const again = Array.from({ length: what.between }, (_, i) => i);
                const copied = mergeMap((record: KafkaRecord<Buffer | null, string>) =>
                  again.map(() => record.withValue(record.value)),
                );
                made$ = inBatches(made$.pipe(copied));
              }
              const each = (text: string) => Array.from({ length: what.made }, (_, i) => `${text},!${i}`);
              made$ = made$.pipe(
                what.makes === 'flatMapValue'
                  ? flatMapValue(each)
                  : mergeMap(record => each(record.value).map(text => record.withValue(text))),
              );
            }
            if (what.through) made$ = made$.pipe(through(app.each(() => {})));
            if (!what.routed) {
              made$.subscribe(app.store(store));
              return;
            }
            const shared$ = made$.pipe(share());
            const isA = (record: KafkaRecord<Buffer | null, string>) => letterOfText(record.value) === 'a';
            shared$.pipe(filter(isA)).subscribe(app.store(store));
            shared$.pipe(filter(record => !isA(record))).subscribe(app.store(store));
          };
        const last = tries.at(-1);
        if (last === undefined) return;
        const kept = await runs(texts, what.partitions, [
          ...tries.map(one => ({ back: one.back, topology: topologyOf(one), writes: one.writes })),
          { topology: topologyOf(last) },
        ]);
        const times = what.batched === 'no' ? 1 : what.made * (what.batched === 'twice' ? what.between : 1);
        const expected = texts
          .flatMap(text => what.letters.map(letter => `${text}${letter}`))
          .filter(text => !isDropped(text))
          .flatMap(text => Array.from({ length: times }, () => text));
        expect(partsOf(kept.at(-1)).filter(text => !text.startsWith('!'))).toEqual(expected.sort());
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

test('documents on both sides of a through are kept apart by their sinks', async () => {
  const members = new Members({ in: 1 });
  const store = memoryStore<string>('history');
  members.publish('in', '0', '1');
  const member = members.start(app => {
    const first = copies('a', 'b')(app.topic('in', { value })).pipe(joined(3), through(app.store(store)));
    first.subscribe(app.store(store));
  });
  await members.pass(1500);
  void member.app.stop();
  await members.pass(200);
  expect(valuesOf(store.documents())).toEqual(['0a,0b,1a', '0a,0b,1a', '1b', '1b']);
});
