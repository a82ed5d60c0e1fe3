import {
  type App,
  type Document,
  type DocumentStore,
  memoryStore,
  retry,
  type StoreSinkOptions,
  string,
} from 'kafka-rx';
import { flatMapValue, mapValue } from 'kafka-rx/operators';
import { type TestAppOptions, testApp } from 'kafka-rx/testing';
import { held, Members } from '../../app/members.js';

const value = string;

/** A store that shows each write, and lets the test decide how it ends. */
function watchedStore(write: (values: readonly string[]) => Promise<void> | undefined) {
  const writes: string[][] = [];
  const inner = memoryStore<string>('history');
  const store: DocumentStore<string> = {
    ...inner,
    write(documents: readonly Document<string>[]) {
      const values = documents.map(document => document.value);
      writes.push(values);
      return write(values) ?? inner.write(documents);
    },
  };
  return { store, writes, values: () => inner.documents().map(document => document.value) };
}

const start = (
  store: DocumentStore<string>,
  options: StoreSinkOptions = {},
  appOptions: TestAppOptions = {},
) =>
  testApp(app => app.topic('in', { value }).subscribe(app.store(store, options)), {
    commit: { every: 1 },
    ...appOptions,
  });
const records = (...values: string[]) => values.map(text => ({ value: text }));

describe('the store sink', () => {
  test('writes one batch at a time; what arrives meanwhile is one batch, up to its bound', async () => {
    const first = held();
    let calls = 0;
    const { store, writes } = watchedStore(() => (calls++ === 0 ? first.promise : undefined));
    const t = await start(store, { maxDocuments: 3 });
    t.pipeIn('in', records('a'));
    t.pipeIn('in', records('b', 'c'));
    t.pipeIn('in', records('d', 'e'));
    expect(writes).toEqual([['a']]);
    await t.idle();
    expect(t.committed('in')).toEqual([-1]);
    first.resolve();
    await t.idle();
    expect(writes).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
    expect(t.committed('in')).toEqual([5]);
    expect(t.metrics.value('kafka_rx_documents_stored_total', { store: 'history' })).toBe(5);
  });

  test('keeps the source’s identity, partition, offset and ordinal, and the timestamp', async () => {
    const seen: Document<string>[] = [];
    const inner = memoryStore<string>('history');
    const t = await start({ ...inner, write: documents => void seen.push(...documents) as undefined });
    t.pipeIn('in', [{ value: 'a', timestamp: 77 }]);
    expect(seen).toEqual([
      {
        source: {
          origin: expect.stringMatching(`^${t.broker.clusterId}/.+`),
          partition: 0,
          offset: 0,
          ordinal: '',
          sink: '',
        },
        value: 'a',
        timestamp: 77,
      },
    ]);
  });

  test('keeps the documents of two branches apart, whatever stands between, and a replay replaces each', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    const topology = (app: App): void => {
      const in$ = app.topic('in', { value });
      in$.pipe(mapValue(text => `${text} plain`)).subscribe(app.store(store));
      in$.pipe(mapValue(text => `${text} second`)).subscribe(app.store(store));
      in$.pipe(mapValue(text => `${text} named`)).subscribe(app.store(store, { name: 'audit' }));
      in$.pipe(flatMapValue(text => [`${text} x`, `${text} y`])).subscribe(app.store(store));
    };
    members.publish('in', 'a', 'b');
    for (let run = 0; run < 2; run++) {
      members.broker.setCommitted('group', { topic: 'in', partition: 0 }, 0);
      const member = members.start(topology);
      await members.pass(100);
      void member.app.stop();
      await members.pass(100);
      expect(member.outcome).toBe('done');
      const kept = store.documents().map(document => document.value);
      const expected = ['a', 'b'].flatMap(text =>
        ['plain', 'second', 'named', 'x', 'y'].map(way => `${text} ${way}`),
      );
      expect(kept.sort()).toEqual(expected.sort());
    }
    expect(
      store
        .documents()
        .map(({ id }) => id.split('@')[1])
        .sort(),
    ).toEqual([undefined, undefined, '#2', '#2', '#3', '#3', '#3', '#3', 'audit', 'audit'].sort());
  });

  test('tries again with backoff in virtual time, and commits only what was written', async () => {
    const store = memoryStore<string>('history');
    const t = await start(store, { onStoreError: retry({ attempts: 3, initialDelayMs: 100 }) });
    store.failWrites(3);
    t.pipeIn('in', records('a', 'b'));
    const at = async (ms: number): Promise<number> => {
      await t.advance(ms);
      await t.idle();
      return store.documents().length;
    };
    // 100 + 200 + 400 ms.
    expect([await at(0), await at(100), await at(200), await at(399), t.committed('in')]).toEqual([
      0,
      0,
      0,
      0,
      [-1],
    ]);
    expect([await at(1), t.committed('in')]).toEqual([2, [2]]);
  });

  test('gives up after the last try, by the verdict that follows', async () => {
    const run = async (otherwise: 'fail' | 'skip') => {
      const { store, writes } = watchedStore(() => Promise.reject(new Error('disk full')));
      const t = await start(store, { onStoreError: retry({ attempts: 2, initialDelayMs: 10, otherwise }) });
      t.pipeIn('in', records('a'));
      for (const ms of [0, 10, 20]) {
        await t.idle();
        if (t.app.health().live) await t.clock.advanceAsync(ms);
      }
      await t.idle();
      return { t, writes };
    };
    const skipped = await run('skip');
    expect([skipped.writes.length, skipped.t.committed('in'), skipped.t.app.health().live]).toEqual([
      3,
      [1],
      true,
    ]);
    const failed = await run('fail');
    expect([failed.writes.length, failed.t.committed('in'), failed.t.app.health().live]).toEqual([
      3,
      [-1],
      false,
    ]);
    await expect(failed.t.stop()).rejects.toMatchObject({ code: 'STORE', at: { offset: 0 } });
  });

  test('a poisonous document alone is skipped, those beside it are written', async () => {
    const { store, values } = watchedStore(batch =>
      batch.includes('poison') ? Promise.reject(new Error('no')) : undefined,
    );
    const t = await start(store, { onStoreError: 'skip' });
    t.pipeIn('in', records('a', 'b', 'poison', 'd', 'e'));
    await t.idle();
    expect(values()).toEqual(['a', 'b', 'd', 'e']);
    expect(t.committed('in')).toEqual([5]);
    expect(t.metrics.value('kafka_rx_records_dropped_total', { reason: 'skipped', stage: 'store' })).toBe(1);
  });

  test('a poisonous document under the policy fail is the one that the error names', async () => {
    const { store, values } = watchedStore(batch =>
      batch.includes('poison') ? Promise.reject(new Error('no')) : undefined,
    );
    const t = await start(store);
    t.pipeIn('in', records('a', 'poison', 'c'));
    await t.idle();
    await expect(t.stop()).rejects.toMatchObject({
      code: 'STORE',
      at: { topic: 'in', partition: 0, offset: 1 },
    });
    expect(values()).toEqual(['a']);
    expect(t.committed('in')).toEqual([1]);
  });

  test('a replay overwrites what it wrote before', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    const run = () => members.start(app => app.topic('in', { value }).subscribe(app.store(store)));
    members.publish('in', 'a', 'b', 'c');
    const first = run();
    await members.pass(100);
    void first.app.stop();
    await members.pass(100);
    members.broker.setCommitted('group', { topic: 'in', partition: 0 }, 1);
    const second = run();
    await members.pass(100);
    expect(second.metrics.value('kafka_rx_documents_stored_total')).toBe(2);
    expect(store.documents().map(document => document.value)).toEqual(['a', 'b', 'c']);
  });

  test('a topic created anew is another source: its records do not overwrite the old ones', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    const run = () => members.start(app => app.topic('in', { value }).subscribe(app.store(store)));
    members.publish('in', 'old');
    const first = run();
    await members.pass(100);
    void first.app.stop();
    await members.pass(100);
    members.broker.deleteTopic('in');
    members.broker.createTopic('in', 1);
    members.publish('in', 'new');
    run();
    await members.pass(100);
    expect(
      store
        .documents()
        .map(document => document.value)
        .sort(),
    ).toEqual(['new', 'old']);
  });

  test('a write that is held when the app stops is awaited; one that is not released in time stays uncommitted', async () => {
    const run = async (release: boolean) => {
      const members = new Members({ in: 1 });
      const store = memoryStore<string>('history');
      const member = members.start(app => app.topic('in', { value }).subscribe(app.store(store)));
      await members.settle();
      store.holdWrites();
      members.publish('in', 'a', 'b');
      await members.settle();
      void member.app.stop({ deadlineMs: 1000 });
      await members.pass(500);
      expect(member.outcome).toBe('running');
      if (release) store.releaseWrites();
      await members.pass(1000);
      return [member.outcome, members.committed('in'), store.documents().length];
    };
    expect(await run(true)).toEqual(['done', [2], 2]);
    expect(await run(false)).toEqual(['done', [-1], 0]);
  });

  test('what waits when its partition is lost is dropped and counted, not written for the old epoch', async () => {
    const members = new Members({ in: 1 });
    const first = held();
    let calls = 0;
    const { store, writes, values } = watchedStore(() => (calls++ === 0 ? first.promise : undefined));
    const member = members.start(app => app.topic('in', { value }).subscribe(app.store(store)));
    await members.settle();
    members.publish('in', 'a');
    await members.settle();
    members.publish('in', 'b', 'c');
    await members.settle();
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    await members.settle();
    first.resolve();
    await members.pass(100);
    expect(writes).toEqual([['a'], ['a', 'b', 'c']]);
    expect(values()).toEqual(['a', 'b', 'c']);
    expect(member.metrics.value('kafka_rx_records_dropped_total', { reason: 'stale-epoch' })).toBe(3);
    expect(members.committed('in')).toEqual([3]);
  });
});
