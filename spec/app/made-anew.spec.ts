/** A topic that is deleted and made anew while records of the old one are still under way. */
import { type App, type AppOptions, type DocumentStore, memoryStore, string } from 'kafka-rx';
import { batch, mapAsync, through } from 'kafka-rx/operators';
import { held, Members } from './members.js';

const value = string;

/** An app that reads `t-in`, of a RegExp, through `topology`, and has a discovery look while `t-in` is made anew. */
async function madeAnewMidway(
  topology: (app: App) => void,
  release: () => void,
  options: Partial<AppOptions> = {},
): Promise<{
  readonly members: Members;
  readonly origins: readonly [string, string];
  readonly outcome: unknown;
}> {
  const members = new Members({ 't-in': 1, out: 1 });
  const originOf = (): string => {
    const { id } = members.broker.cluster.describe().find(({ name }) => name === 't-in') ?? { id: '' };
    return `${members.broker.clusterId}/${id}`;
  };
  const member = members.start(topology, { discoveryMs: 1_000, ...options });
  await members.pass(100);
  members.publish('t-in', 'old 0', 'old 1', 'old 2');
  await members.pass(20);
  const old = originOf();
  members.broker.deleteTopic('t-in');
  members.broker.createTopic('t-in', 1);
  // Another name, so that the second look has something to say.
  members.broker.createTopic('t-more', 1);
  members.publish('t-in', 'new 0', 'new 1');
  await members.pass(2_000);
  release();
  await members.pass(3_000);
  return { members, origins: [old, originOf()], outcome: member.outcome };
}

const texts = (store: { documents(): readonly { readonly value: string }[] }): string[] =>
  store
    .documents()
    .map(document => document.value)
    .sort();
const originsIn = (store: { documents(): readonly { readonly id: string }[] }): string[] => [
  ...new Set(store.documents().map(({ id }) => id.split('/').slice(0, 2).join('/'))),
];

describe('a topic made anew while records of the old one are under way', () => {
  test.each(['with', 'without'] as const)(
    'has its documents under its own id, and the old one under the old, in a store %s positions',
    async kind => {
      const inner = memoryStore<string>('history');
      const store: DocumentStore<string> = kind === 'with' ? inner : { ...inner, positions: undefined };
      const gate = held();
      const { origins, outcome } = await madeAnewMidway(app => {
        const slow = async (text: string): Promise<string> => {
          if (text.startsWith('old')) await gate.promise;
          return text;
        };
        app.topic(/^t-/, { value }).pipe(mapAsync(slow)).subscribe(app.store(store));
      }, gate.resolve);
      expect(outcome).toBe('running');
      expect(texts(inner)).toEqual(['new 0', 'new 1', 'old 0', 'old 1', 'old 2']);
      expect(originsIn(inner)).toEqual(origins);
    },
  );

  test('a write that waits is written under the id of the topic that its record is of', async () => {
    const inner = memoryStore<string>('history');
    const gate = held();
    const store: DocumentStore<string> = {
      ...inner,
      positions: undefined,
      // The first is refused late, and tried again.
      write: async documents => {
        if (documents.some(document => document.value === 'old 0')) await gate.promise;
        return inner.write(documents);
      },
    };
    const { origins } = await madeAnewMidway(app => {
      app.topic(/^t-/, { value }).subscribe(app.store(store, { maxDocuments: 1 }));
    }, gate.resolve);
    expect(texts(inner)).toEqual(['new 0', 'new 1', 'old 0', 'old 1', 'old 2']);
    expect(originsIn(inner)).toEqual(origins);
  });

  test('what was gathered of it, or went through a topic, has the id of its members', async () => {
    const [gathered, passed] = [memoryStore<string>('gathered'), memoryStore<string>('passed')];
    const gate = held();
    const { origins } = await madeAnewMidway(app => {
      const slow = app.topic(/^t-/, { value }).pipe(
        mapAsync(async (text: string) => {
          if (text.startsWith('old')) await gate.promise;
          return text;
        }),
      );
      slow
        .pipe(batch(records => records.map(record => record.value).join(), { maxRecords: 10 }))
        .subscribe(app.store(gathered));
      slow.pipe(through(app.to('out', { value }))).subscribe(app.store(passed));
    }, gate.resolve);
    expect(originsIn(gathered)).toEqual(origins);
    expect(texts(gathered).join().split(',')).toEqual(['new 0', 'new 1', 'old 0', 'old 1', 'old 2']);
    expect(originsIn(passed)).toEqual(origins);
    expect(texts(passed)).toEqual(['new 0', 'new 1', 'old 0', 'old 1', 'old 2']);
  });

  test('the position that a drain notes in a store is one of the old topic', async () => {
    const store = memoryStore<string>('history');
    const noted: { readonly origin: string; readonly offset: number }[] = [];
    const spied: DocumentStore<string> = {
      ...store,
      positions: store.positions && {
        ...store.positions,
        advance: news => {
          noted.push(...news);
          return store.positions?.advance(news);
        },
      },
    };
    const gate = held();
    const { origins } = await madeAnewMidway(app => {
      app
        .topic(/^t-/, { value })
        .pipe(
          mapAsync(async (text: string) => {
            if (text.startsWith('old')) await gate.promise;
            return text;
          }),
        )
        .subscribe(app.store(spied));
    }, gate.resolve);
    const [old, anew] = origins;
    const highest = (origin: string): number =>
      Math.max(...noted.filter(one => one.origin === origin).map(({ offset }) => offset));
    expect([highest(old), highest(anew)]).toEqual([3, 2]);
  });

  test.each(['made anew', 'deleted'] as const)(
    'a store is not held against a topic that is %s while that is found out',
    async how => {
      const members = new Members({ in: 1, other: 1 });
      const inner = memoryStore<string>('history');
      const wired = (store: DocumentStore<string>) => (app: App) =>
        void app.topic(/^(in|other)$/, { value }).subscribe(app.store(store));
      const first = members.start(wired(inner));
      members.publish('in', 'old 0', 'old 1');
      await members.pass(200);
      void first.app.stop();
      await members.pass(200);
      expect(members.committed('in')).toEqual([2]);
      let asked = false;
      const store: DocumentStore<string> = {
        ...inner,
        positions: inner.positions && {
          ...inner.positions,
          read: (origin, partition) => {
            if (!asked) {
              asked = true;
              members.broker.deleteTopic('in');
              if (how === 'made anew') members.broker.createTopic('in', 1);
            }
            return inner.positions?.read(origin, partition);
          },
        },
      };
      const second = members.start(wired(store));
      await members.pass(200);
      if (how === 'deleted') members.broker.createTopic('in', 1);
      members.publish('in', 'new 0');
      await members.pass(1_000);
      expect(second.outcome).toBe('running');
      expect(texts(inner)).toEqual(['new 0', 'old 0', 'old 1']);
    },
  );
});
