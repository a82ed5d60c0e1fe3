import {
  type App,
  deadLetterPrefix,
  type Header,
  memoryStore,
  type ReplayTrust,
  readDeadLetter,
  replayHeaders,
  replayPrefix,
  string,
} from 'kafka-rx';
import { batch, mapAsync, mapValue, through } from 'kafka-rx/operators';
import { type TestApp, testApp } from 'kafka-rx/testing';
import { map, merge, mergeWith, Subject, share } from 'rxjs';
import type { KafkaRecord } from '../../../lib/record/record.js';

const value = string;

/** Refuses `bad` once: what was mended takes it. */
function mending(): (text: string) => string {
  const refused = new Set<string>();
  return text => {
    if (!text.startsWith('bad') || refused.has(text)) return text;
    refused.add(text);
    throw new Error('not yet');
  };
}

function start(topology: (app: App) => void, replays?: ReplayTrust): Promise<TestApp> {
  return testApp(topology, {
    policies: { decode: 'dead-letter', process: 'dead-letter', encode: 'dead-letter', store: 'dead-letter' },
    deadLetters: { topic: 'dead' },
    commit: { every: 1 },
    replays,
  });
}

/** The headers that a replay of the newest dead letter gives its record. */
function replayOf(t: TestApp, changes: { readonly app?: string; readonly node?: string } = {}): Header[] {
  const letter = t.broker.records('dead').at(-1);
  const told = readDeadLetter(letter?.headers ?? []);
  if (letter === undefined || told === undefined) throw new Error('no dead letter');
  return replayHeaders([{ key: 'own', value: null }], { topic: 'dead', ...letter }, { ...told, ...changes });
}

/** Pipes a bad record in, replays it, and tells how many records each topic has got. */
async function replayed(
  t: TestApp,
  topics: readonly string[],
  changes: { readonly app?: string; readonly node?: string } = {},
): Promise<{ readonly before: readonly number[]; readonly after: readonly number[] }> {
  const counts = (): number[] => topics.map(topic => t.broker.records(topic).length);
  t.pipeIn('in', [{ value: 'bad' }]);
  await t.idle();
  const before = counts();
  t.pipeIn('in', [{ value: 'bad', headers: replayOf(t, changes) }]);
  await t.idle();
  expect(t.committed('in')).toEqual([2]);
  return { before, after: counts() };
}

const otherBranch = (t: TestApp): number =>
  t.metrics.value('kafka_rx_records_dropped_total', { reason: 'other-branch' });

describe('a replayed record goes to what failed and what is below it, and all else passes it by', () => {
  test('an operator', async () => {
    const calls: string[] = [];
    const t = await start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      const left$ = in$.pipe(mapValue(mending(), { name: 'left' }), share());
      left$.subscribe(app.to('a', { value }));
      left$.pipe(map(record => record)).subscribe(app.to('b', { value }));
      in$
        .pipe(
          mapAsync(async text => {
            calls.push(text);
            return text;
          }),
        )
        .subscribe(app.to('c', { value }));
      in$.subscribe(app.to('d', { value }));
    });
    const topics = ['a', 'b', 'c', 'd'];
    expect(await replayed(t, topics)).toEqual({ before: [0, 0, 1, 1], after: [1, 1, 1, 1] });
    // mapAsync and the sink d: the function in the other branch is not called again.
    expect([calls, otherBranch(t)]).toEqual([['bad'], 2]);
  });

  test('a sink', async () => {
    const mended = mending();
    const t = await start(app => {
      const in$ = app.topic('in', { value }).pipe(
        mapValue(text => text),
        share(),
      );
      in$.subscribe(app.to('a', { value: { ...string, encode: text => Buffer.from(mended(text)) } }));
      in$.subscribe(app.to('b', { value }));
    });
    expect(await replayed(t, ['a', 'b'])).toEqual({ before: [0, 1], after: [1, 1] });
  });

  test('one of two operators of the same name', async () => {
    const t = await start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.pipe(mapValue(text => text)).subscribe(app.to('a', { value }));
      const mended = mending();
      in$.pipe(mapValue(text => mended(text))).subscribe(app.to('b', { value }));
    });
    expect(await replayed(t, ['a', 'b'])).toEqual({ before: [1, 0], after: [1, 1] });
  });

  test('a source: what is below another view of the topic has had it', async () => {
    const mended = mending();
    const picky = { ...string, decode: (bytes: Buffer | null) => mended(String(bytes)) };
    const t = await start(app => {
      app.topic('in', { value: picky }).subscribe(app.to('a', { value }));
      app.topic('in', { value }).subscribe(app.to('b', { value }));
    });
    expect(await replayed(t, ['a', 'b'])).toEqual({ before: [0, 1], after: [1, 1] });
  });

  test('a store behind which the stream goes on: what follows had not got it either', async () => {
    const store = memoryStore<string>('history');
    const mended = mending();
    const write: typeof store.write = documents => {
      for (const document of documents) mended(document.value);
      return store.write(documents);
    };
    const t = await start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.pipe(through(app.store({ ...store, write }))).subscribe(app.to('a', { value }));
      in$.subscribe(app.to('b', { value }));
    });
    expect(await replayed(t, ['a', 'b'])).toEqual({ before: [0, 1], after: [1, 1] });
  });

  test('an operator behind a store: the store has had it, and the record goes on past it', async () => {
    const store = memoryStore<string>('history');
    const t = await start(app =>
      app
        .topic('in', { value })
        .pipe(through(app.store(store)), mapValue(mending()))
        .subscribe(app.to('a', { value })),
    );
    expect(await replayed(t, ['a'])).toEqual({ before: [0], after: [1] });
    expect(store.documents()).toHaveLength(1);
  });
});

describe('nothing is lost where the way of a record is not known', () => {
  const hidden = {
    'a plain merge': (app: App) => {
      const in$ = app.topic('in', { value }).pipe(share());
      merge(in$.pipe(mapValue(mending())), app.topic('other', { value })).subscribe(app.to('a', { value }));
      in$.subscribe(app.to('b', { value }));
    },
    'mergeWith: the sink seems to be below another stream alone': (app: App) => {
      const in$ = app.topic('in', { value }).pipe(share());
      const failing$ = in$.pipe(mapValue(mending()), share());
      app.topic('other', { value }).pipe(mergeWith(failing$)).subscribe(app.to('a', { value }));
      in$.subscribe(app.to('b', { value }));
    },
    'a Subject that hands on': (app: App) => {
      const in$ = app.topic('in', { value }).pipe(share());
      const sink = app.to('a', { value });
      const handed$ = new Subject<KafkaRecord<Buffer | null, string>>();
      handed$.subscribe(record => sink.next(record));
      in$.pipe(mapValue(mending())).subscribe(handed$);
      in$.subscribe(app.to('b', { value }));
    },
  };

  test.each(Object.entries(hidden))('%s: every sink takes it', async (_name, topology) => {
    const t = await start(topology);
    expect(await replayed(t, ['a', 'b'])).toEqual({ before: [0, 1], after: [1, 2] });
  });

  test('a node that there is not: no sink takes it, and it is a dead letter again', async () => {
    const t = await start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      in$.pipe(mapValue(mending())).subscribe(app.to('a', { value }));
      in$.subscribe(app.to('b', { value }));
    });
    const changes = { node: 'renamed' };
    expect(await replayed(t, ['a', 'b', 'dead'], changes)).toEqual({ before: [0, 1, 1], after: [0, 1, 2] });
  });

  test('a batch with records that were not replayed: every sink takes it', async () => {
    const store = memoryStore<string>('history');
    const t = await start(app => {
      const joined$ = app.topic('in', { value }).pipe(
        batch(records => records.map(record => record.value).join(), { maxRecords: 2 }),
        share(),
      );
      joined$.pipe(mapValue(mending())).subscribe(app.to('a', { value }));
      joined$.subscribe(app.to('b', { value }));
      joined$.subscribe(app.store(store));
    });
    t.pipeIn('in', [{ value: 'bad' }, { value: 'x' }]);
    await t.idle();
    t.pipeIn('in', [{ value: 'bad', headers: replayOf(t) }, { value: 'y' }]);
    await t.idle();
    expect(t.broker.records('b').map(record => String(record.value))).toEqual(['bad,x', 'bad,y']);
    t.pipeIn('in', [
      { value: 'bad', headers: replayOf(t) },
      { value: 'x', headers: replayOf(t) },
    ]);
    await t.idle();
    expect(t.broker.records('b')).toHaveLength(2);
    expect(t.broker.records('a').map(record => String(record.value))).toContain('bad,x');
  });
});

const branches = (app: App): void => {
  const in$ = app.topic('in', { value }).pipe(share());
  in$.pipe(mapValue(mending())).subscribe(app.to('a', { value, headers: record => record.headers }));
  in$.subscribe(app.to('b', { value }));
};

test('a record replayed for another app is passed by as a whole, counted and committed', async () => {
  const t = await start(branches);
  expect(await replayed(t, ['a', 'b'], { app: 'other' })).toEqual({ before: [0, 1], after: [0, 1] });
  expect(otherBranch(t)).toBe(1);
});

test("an app with replays: 'everywhere' follows no such header", async () => {
  const t = await start(branches, 'everywhere');
  expect(await replayed(t, ['a', 'b'])).toEqual({ before: [0, 1], after: [1, 2] });
});

test('headers of our prefixes never reach the topology; all others do, in order', async () => {
  const t = await start(branches);
  const header = (key: string): Header => ({ key, value: Buffer.from('in') });
  const headers = ['a', `${deadLetterPrefix}topic`, 'b', `${replayPrefix}letter`, 'a', 'kafka-rx.other'].map(
    header,
  );
  t.pipeIn('in', [{ value: 'x', headers }]);
  expect(t.broker.records('a')[0]?.headers.map(({ key }) => key)).toEqual(['a', 'b', 'a', 'kafka-rx.other']);
});

test('a source of dead letters hands their headers on', async () => {
  const t = await testApp(app =>
    app
      .topic('dead', { value, deadLetters: true })
      .subscribe(app.to('out', { value, headers: record => record.headers })),
  );
  const headers = [{ key: `${deadLetterPrefix}topic`, value: Buffer.from('in') }];
  t.pipeIn('dead', [{ value: 'x', headers }]);
  expect(t.broker.records('out')[0]?.headers).toEqual(headers);
});

test("a dead letter tells the record's own coordinates, whatever headers were forged", async () => {
  const t = await start(branches);
  const headers = [{ key: `${deadLetterPrefix}offset`, value: Buffer.from('99') }];
  t.pipeIn('in', [{ value: 'bad', headers, timestamp: 12 }]);
  await t.idle();
  const [letter] = t.broker.records('dead');
  expect(readDeadLetter(letter?.headers ?? [])).toMatchObject({ at: { offset: 0 }, timestamp: 12 });
});
