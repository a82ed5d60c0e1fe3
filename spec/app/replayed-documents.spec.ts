import {
  type App,
  type Header,
  type MemoryStore,
  memoryStore,
  type ReplayTrust,
  readDeadLetter,
  replayHeaders,
  replayPrefix,
  string,
} from 'kafka-rx';
import { flatMapValue, mapAsync, mapValue } from 'kafka-rx/operators';
import { type TestApp, testApp } from 'kafka-rx/testing';
import { merge, share } from 'rxjs';

const value = string;

/** Refuses what holds `bad` once. */
function once(): (text: string) => string {
  let refused = false;
  return text => {
    if (!text.includes('bad') || refused) return text;
    refused = true;
    throw new Error('not yet');
  };
}

/** A store that refuses the document `bad` so many times, and every write that holds it as long. */
function refusing(times = 1) {
  const inner = memoryStore<string>('history');
  let left = times;
  return {
    ...inner,
    write(documents: Parameters<typeof inner.write>[0]) {
      if (left === 0 || !documents.some(document => document.value === 'bad')) return inner.write(documents);
      if (documents.length === 1) left--;
      return Promise.reject(new Error('not yet'));
    },
  };
}

const start = (topology: (app: App) => void, replays?: ReplayTrust): Promise<TestApp> =>
  testApp(topology, {
    policies: { process: 'dead-letter', store: 'dead-letter' },
    deadLetters: { topic: 'dead', limit: 'none' },
    commit: { every: 1 },
    replays,
  });

/** Publishes the record behind the newest dead letter again, as the replay command does. */
async function replay(t: TestApp, to: 'node' | 'topology' = 'node'): Promise<void> {
  const letter = t.broker.records('dead').at(-1);
  const told = readDeadLetter(letter?.headers ?? []);
  if (letter === undefined || told === undefined) throw new Error('no dead letter');
  const record = t.broker.records('in')[told.at.offset];
  const target = to === 'node' ? told : undefined;
  const headers = replayHeaders(record?.headers ?? [], { topic: 'dead', ...letter }, target, told.at);
  t.pipeIn('in', [{ value: String(record?.value), headers }]);
  await t.idle();
}

const texts = (store: MemoryStore<string>): string[] =>
  store
    .documents()
    .map(document => document.value)
    .sort();
const parts = flatMapValue((text: string) => text.split(' '));

describe('the documents of a replayed record', () => {
  test('replace those that its record made, whether it is for the store alone or for all, and however often', async () => {
    const store = refusing();
    const t = await start(app => app.topic('in', { value }).pipe(parts).subscribe(app.store(store)));
    t.pipeIn('in', [{ value: 'a bad c' }, { value: 'd' }]);
    await t.idle();
    expect(texts(store)).toEqual(['a', 'c', 'd']);
    for (const to of ['node', 'node', 'topology', 'topology'] as const) {
      await replay(t, to);
      expect(texts(store)).toEqual(['a', 'bad', 'c', 'd']);
    }
  });

  test('replace them also when the replay fails in its turn and is replayed', async () => {
    const store = refusing(2);
    const t = await start(app => app.topic('in', { value }).pipe(parts).subscribe(app.store(store)));
    t.pipeIn('in', [{ value: 'a bad' }]);
    await t.idle();
    await replay(t);
    expect(t.broker.records('dead')).toHaveLength(2);
    await replay(t);
    expect(texts(store)).toEqual(['a', 'bad']);
  });

  test('of one branch leave those of the others alone, that pass it by or come again', async () => {
    const store = memoryStore<string>('history');
    const check = once();
    const t = await start(app => {
      const in$ = app.topic('in', { value }).pipe(share());
      merge(
        in$.pipe(mapValue(text => `${check(text)} x`)),
        in$.pipe(mapAsync(async text => `${text} y`)),
        in$.pipe(mapValue(text => `${text} z`)),
      ).subscribe(app.store(store));
      in$.pipe(mapValue(text => `${text} other`)).subscribe(app.store(store));
    });
    t.pipeIn('in', [{ value: 'bad' }]);
    await t.idle();
    expect(texts(store)).toEqual(['bad other', 'bad y', 'bad z']);
    for (let i = 0; i < 2; i++) {
      await replay(t);
      const kept = texts(store);
      expect(kept).toEqual(expect.arrayContaining(['bad other', 'bad x', 'bad y', 'bad z']));
      expect(kept.filter(text => text === 'bad x')).toHaveLength(1);
      expect(kept.filter(text => text === 'bad other')).toHaveLength(1);
    }
  });

  test('are of their own where the app does not follow such headers', async () => {
    const store = refusing();
    const t = await start(
      app => app.topic('in', { value }).pipe(parts).subscribe(app.store(store)),
      'everywhere',
    );
    t.pipeIn('in', [{ value: 'a bad' }]);
    await t.idle();
    await replay(t);
    expect(texts(store)).toEqual(['a', 'a', 'bad']);
  });

  test.each(['0:1', '1:0', '0:7', '0:-1', 'x', '0:99999999999999999999', '0:'])(
    'are of their own where the header cannot be one of a replay: %s',
    async text => {
      const store = memoryStore<string>('history');
      const t = await start(app => app.topic('in', { value }).subscribe(app.store(store)));
      const forged: Header = { key: `${replayPrefix}record`, value: Buffer.from(text) };
      t.pipeIn('in', [{ value: 'a' }, { value: 'b', headers: [forged] }]);
      await t.idle();
      expect(texts(store)).toEqual(['a', 'b']);
    },
  );
});
