import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, type AppOptions, type KafkaRecord, memoryStore, string } from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import {
  batch,
  filterValue,
  flatMapValue,
  mapAsync,
  mapValue,
  mergeNamed,
  through,
} from 'kafka-rx/operators';
import { concatMap, groupBy, merge, mergeMap, type Observable } from 'rxjs';
import { Members } from './members.js';

const value = string;
type Text$ = Observable<KafkaRecord<Buffer | null, string>>;
const say = (what: string) => mapValue((text: string) => `${text} ${what}`);
const later = (what: string) => mapAsync(async (text: string) => `${text} ${what}`);

/** What is in the store after two runs over the same records, the second as after a crash before the first commit. */
async function keptTwice(
  topology: (app: App, in$: Text$, store: ReturnType<typeof memoryStore<string>>) => void,
) {
  const members = new Members({ in: 1 });
  const store = memoryStore<string>('history');
  members.publish('in', 'a', 'b');
  const kept: string[][] = [];
  for (let run = 0; run < 2; run++) {
    members.broker.setCommitted('group', { topic: 'in', partition: 0 }, 0);
    const member = members.start(app => topology(app, app.topic('in', { value }), store));
    await members.pass(3000);
    void member.app.stop();
    await members.pass(200);
    expect(member.outcome).toBe('done');
    kept.push(
      store
        .documents()
        .map(document => document.value)
        .sort(),
    );
  }
  return kept;
}

const two = ['a x', 'a y', 'b x', 'b y'];

describe('two documents of one source record', () => {
  test.each<[string, Parameters<typeof keptTwice>[0]]>([
    [
      'by two sinks',
      (app, in$, store) => {
        in$.pipe(say('x')).subscribe(app.store(store));
        in$.pipe(say('y')).subscribe(app.store(store));
      },
    ],
    [
      'by one sink that two branches are subscribed with',
      (app, in$, store) => {
        const sink = app.store(store, { mayEnd: true });
        in$.pipe(say('x')).subscribe(sink);
        in$.pipe(say('y')).subscribe(sink);
      },
    ],
    [
      'by mergeNamed',
      (app, in$, store) =>
        mergeNamed('all', in$.pipe(say('x')), in$.pipe(say('y'))).subscribe(app.store(store)),
    ],
    [
      'by merge',
      (app, in$, store) => merge(in$.pipe(say('x')), in$.pipe(say('y'))).subscribe(app.store(store)),
    ],
    [
      'by merge, one of them asynchronous',
      (app, in$, store) => merge(in$.pipe(later('x')), in$.pipe(say('y'))).subscribe(app.store(store)),
    ],
    [
      'by merge, both asynchronous',
      (app, in$, store) => merge(in$.pipe(later('x')), in$.pipe(later('y'))).subscribe(app.store(store)),
    ],
    [
      'by mergeMap',
      (app, in$, store) =>
        in$
          .pipe(mergeMap(record => ['x', 'y'].map(way => record.withValue(`${record.value} ${way}`))))
          .subscribe(app.store(store)),
    ],
    [
      'by concatMap below flatMapValue',
      (app, in$, store) =>
        in$
          .pipe(
            flatMapValue(text => [text]),
            concatMap(record => ['x', 'y'].map(way => record.withValue(`${record.value} ${way}`))),
          )
          .subscribe(app.store(store)),
    ],
    [
      'by flatMapValue',
      (app, in$, store) =>
        in$.pipe(flatMapValue(text => [`${text} x`, `${text} y`])).subscribe(app.store(store)),
    ],
    [
      'by flatMapValue beside a plain one',
      (app, in$, store) =>
        merge(in$.pipe(flatMapValue(text => [`${text} x`])), in$.pipe(say('y'))).subscribe(app.store(store)),
    ],
    [
      'by through on two branches',
      (app, in$, store) => {
        const sink = app.store(store);
        in$.pipe(say('x'), through(sink)).subscribe(app.each(() => {}));
        in$.pipe(say('y'), through(sink)).subscribe(app.each(() => {}));
      },
    ],
    [
      'by two batches',
      (app, in$, store) =>
        merge(
          in$.pipe(
            say('x'),
            batch(records => records[0]?.value ?? '', { maxRecords: 1 }),
          ),
          in$.pipe(
            say('y'),
            batch(records => records[0]?.value ?? '', { maxRecords: 1 }),
          ),
        ).subscribe(app.store(store)),
    ],
    [
      'by mergeMap below a batch',
      (app, in$, store) =>
        in$
          .pipe(
            batch(records => records[0]?.value ?? '', { maxRecords: 1 }),
            mergeMap(record => ['x', 'y'].map(way => record.withValue(`${record.value} ${way}`))),
          )
          .subscribe(app.store(store)),
    ],
  ])('are both kept, and replaced when they come again: %s', async (_, topology) => {
    expect(await keptTwice(topology)).toEqual([two, two]);
  });

  test('by two stores of other names on one folder are both kept', async () => {
    const members = new Members({ in: 1 });
    const directory = mkdtempSync(join(tmpdir(), 'kafka-rx-identity-'));
    try {
      const [one, other] = ['one', 'other'].map(name => lmdb(name, { value: string, directory }));
      if (one === undefined || other === undefined) throw new Error('two stores were made');
      const member = members.start(app => {
        const in$ = app.topic('in', { value });
        in$.pipe(say('x')).subscribe(app.store(one));
        in$.pipe(say('y')).subscribe(app.store(other));
      });
      members.publish('in', 'a', 'b');
      for (let i = 0; i < 20; i++) {
        await members.pass(50);
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      expect(await one.count()).toBe(4);
      void member.app.stop();
      for (let i = 0; i < 20 && member.outcome === 'running'; i++) {
        await members.pass(50);
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      expect(member.outcome).toBe('done');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('that are the very same are two', async () => {
    const kept = await keptTwice((app, in$, store) => merge(in$, in$).subscribe(app.store(store)));
    expect(kept).toEqual([
      ['a', 'a', 'b', 'b'],
      ['a', 'a', 'b', 'b'],
    ]);
  });
});

describe('a batch into a store that is grouped otherwise after a crash', () => {
  const join = (maxRecords: number) =>
    batch(
      (records: readonly KafkaRecord<Buffer | null, string>[]) =>
        records.map(record => record.value).join(','),
      {
        maxRecords,
        maxWaitMs: 50,
      },
    );

  /** Each run has its own topology; between two the group's offset is set back to what a crash would have left. */
  async function runs(
    partitions: number,
    steps: readonly (readonly [committed: readonly number[], topology: (in$: Text$) => Text$])[],
    options: Partial<AppOptions> = {},
  ) {
    const members = new Members({ in: partitions });
    const store = memoryStore<string>('history');
    const at = members.clock.now();
    members.broker.publish(
      'in',
      Array.from({ length: 12 }, (_, i) => ({ value: `${i}`, partition: i % partitions, timestamp: at })),
    );
    for (const [committed, topology] of steps) {
      for (const [partition, offset] of committed.entries()) {
        if (offset >= 0) {
          members.broker.setCommitted('group', { topic: 'in', partition }, offset);
        }
      }
      const member = members.start(
        app => topology(app.topic('in', { value })).subscribe(app.store(store)),
        options,
      );
      await members.pass(2000);
      void member.app.stop();
      await members.pass(200);
      expect(member.outcome).toBe('done');
    }
    const kept = store.documents().map(document => document.value);
    return {
      kept,
      once: kept
        .flatMap(text => text.split(','))
        .map(Number)
        .sort((a, b) => a - b),
    };
  }
  const all = Array.from({ length: 12 }, (_, i) => i);

  test.each([
    ['from the beginning', 0],
    ['from the middle of a batch', 7],
    ['from between two', 5],
  ])('holds each record once: %s', async (_, committed) => {
    const { once, kept } = await runs(1, [
      [[-1], in$ => in$.pipe(join(5))],
      [[committed], in$ => in$.pipe(join(4))],
    ]);
    expect(once).toEqual(all);
    expect(kept.some(text => text.split(',').length === 4)).toBe(true);
  });

  test('holds each record once: batches of each key, filtered, and parts of records', async () => {
    const byRest = (modulo: number, maxRecords: number) => (in$: Text$) =>
      in$.pipe(
        groupBy(record => Number(record.value) % modulo),
        mergeMap(group => group.pipe(join(maxRecords))),
      );
    const keyed = await runs(1, [
      [[-1], byRest(3, 3)],
      [[5], byRest(3, 2)],
      [[8], byRest(3, 4)],
    ]);
    expect(keyed.once).toEqual(all);
    const odd = filterValue<Buffer | null, string>((text: string) => Number(text) % 2 === 1);
    const filtered = await runs(1, [
      [[-1], in$ => in$.pipe(odd, join(4))],
      [[4], in$ => in$.pipe(odd, join(3))],
    ]);
    expect(filtered.once).toEqual(all.filter(i => i % 2 === 1));
    const parts = flatMapValue<Buffer | null, string, string>((text: string) => [
      text,
      `${Number(text) + 100}`,
    ]);
    const parted = await runs(1, [
      [[-1], in$ => in$.pipe(parts, join(5))],
      [[6], in$ => in$.pipe(parts, join(3))],
    ]);
    expect(parted.once).toEqual([...all, ...all.map(i => i + 100)]);
  });

  test('holds each record once: what was made of the batch is several documents', async () => {
    const split = flatMapValue<Buffer | null, string, string>((text: string) => text.split(','));
    const { once } = await runs(1, [
      [[-1], in$ => in$.pipe(join(6), split)],
      [[0], in$ => in$.pipe(join(5), split)],
      [[3], in$ => in$.pipe(join(2), split)],
    ]);
    expect(once).toEqual(all);
  });

  test('holds each record once: over several partitions, one of which was committed further', async () => {
    const { once } = await runs(3, [
      [[-1, -1, -1], in$ => in$.pipe(join(6))],
      [[1, 4, 2], in$ => in$.pipe(join(5))],
    ]);
    expect(once).toEqual(all);
  });
});
