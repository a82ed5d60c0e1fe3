/** Stores that are filled again under exactly once: they get all that was committed before, and readers of topics nothing of it twice. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, type AppOptions, type MemoryStore, memoryStore, string } from 'kafka-rx';
import { lmdb } from 'kafka-rx/lmdb';
import { batch, mapAsync, mapValue, share, through } from 'kafka-rx/operators';
import { type Member, Members } from './members.js';

const value = string;
const options = { guarantee: 'exactly-once', commit: { intervalMs: 20 } } as const;
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));
const texts = (store: MemoryStore<string>): string[] => store.documents().map(document => document.value);
const told = ({ events }: Member) =>
  events.flatMap(event =>
    event.type === 'store-new' || event.type === 'resumed-at-store' ? [event.type] : [],
  );

/** Each record to a topic, and into a store. */
const copied =
  (store: MemoryStore<string>) =>
  (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.to('out', { value }));
    in$.subscribe(app.store(store));
  };

/** Of one topic, no group's commit ever goes back. */
function floor(members: Members, topic = 'in'): () => void {
  let before: readonly number[] = [];
  return () => {
    const now = members.committed(topic);
    for (const [i, offset] of before.entries()) expect(now[i]).toBeGreaterThanOrEqual(offset);
    before = now;
  };
}

async function pass(members: Members, ms: number, look: () => void = () => {}): Promise<void> {
  for (let i = 0; i < ms; i += 10) {
    await members.pass(10);
    look();
  }
}

async function ran(
  members: Members,
  topology: (app: App) => void,
  more: Partial<AppOptions> = {},
  topic = 'in',
) {
  const member = members.start(topology, { ...options, ...more });
  await pass(members, 500, floor(members, topic));
  await members.stop(member);
  expect(member.outcome).toBe('done');
  return member;
}

describe('a store that is new where the group has committed', () => {
  test('is filled from the first record, beside a topic to which nothing is written twice', async () => {
    const members = new Members({ in: 2, out: 1 });
    members.broker.publish(
      'in',
      numbers(0, 10).map((text, i) => ({ value: text, partition: i % 2 })),
    );
    await ran(members, copied(memoryStore('history')));
    members.publish('in', '10', '11');
    const store = memoryStore<string>('history');
    const second = await ran(members, copied(store));
    expect(told(second)).toEqual(['store-new', 'resumed-at-store', 'resumed-at-store']);
    expect(texts(store).sort()).toEqual(numbers(0, 12).sort());
    expect(members.values('out').sort()).toEqual(numbers(0, 12).sort());
    expect(members.committed('in').reduce((a, b) => a + b)).toBe(12);
    // The records that were written, and no others.
    expect(second.metrics.value('kafka_rx_records_produced_total')).toBe(2);
    expect(second.metrics.value('kafka_rx_records_consumed_total')).toBe(12);
  });

  test('at least once, what was written is written again, and the commit goes back', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a', 'b');
    for (let i = 0; i < 2; i++) {
      const member = members.start(copied(memoryStore('history')), { guarantee: 'at-least-once' });
      await members.pass(500);
      await members.stop(member);
    }
    expect(members.values('out')).toEqual(['a', 'b', 'a', 'b']);
  });

  test('is filled also where no record has come since, and the next one is written then', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a', 'b');
    await ran(members, copied(memoryStore('history')));
    const store = memoryStore<string>('history');
    const member = members.start(copied(store), options);
    await members.pass(500);
    expect([texts(store), member.app.health().reasons]).toEqual([['a', 'b'], []]);
    members.publish('in', 'c');
    await members.pass(500);
    await members.stop(member);
    expect([texts(store), members.values('out'), members.committed('in')]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      [3],
    ]);
  });

  test('functions are called and records go on behind a topic, as if it had been written', async () => {
    const members = new Members({ in: 1, out: 1, last: 1 });
    members.publish('in', 'a', 'b');
    const seen: string[] = [];
    const topology = (app: App): void => {
      app
        .topic('in', { value })
        .pipe(
          through(app.to('out', { value })),
          mapAsync(async (text: string) => text.toUpperCase()),
          mapValue(text => `${text}!`),
          through(app.store(memoryStore<string>('history'))),
          through(app.each(record => void seen.push(String(record.value)))),
        )
        .subscribe(app.to('last', { value }));
    };
    await ran(members, topology);
    members.publish('in', 'c');
    await ran(members, topology);
    expect([members.values('out'), members.values('last')]).toEqual([
      ['a', 'b', 'c'],
      ['A!', 'B!', 'C!'],
    ]);
    expect(seen).toEqual(['A!', 'B!', 'A!', 'B!', 'C!']);
  });

  test('no batch holds records that were committed before and others', async () => {
    const members = new Members({ in: 1, out: 1 });
    const topology = (store: MemoryStore<string>) => (app: App) => {
      const batches$ = app.topic('in', { value }).pipe(
        batch(records => records.map(record => record.value).join('+'), {
          maxRecords: 100,
          maxWaitMs: 5_000,
        }),
        share(),
      );
      batches$.subscribe(app.to('out', { value }));
      batches$.subscribe(app.store(store));
    };
    members.publish('in', 'a', 'b', 'c');
    await ran(members, topology(memoryStore('history')), { commit: { intervalMs: 200 } });
    members.publish('in', 'd', 'e');
    const store = memoryStore<string>('history');
    await ran(members, topology(store), { commit: { intervalMs: 200 } });
    expect(members.values('out')).toEqual(['a+b+c', 'd+e']);
    expect(texts(store)).toEqual(['a+b+c', 'd+e']);
  });

  test('dead letters are not written twice, and count once against their limit', async () => {
    const members = new Members({ in: 1, out: 1, letters: 1 });
    const topology = (store: MemoryStore<string>) => (app: App) => {
      const in$ = app.topic('in', { value }).pipe(
        mapValue(text => {
          if (text.startsWith('bad')) throw new Error('bad');
          return text;
        }),
        share(),
      );
      in$.subscribe(app.to('out', { value }));
      in$.subscribe(app.store(store));
    };
    const letters = { topic: 'letters', limit: { perMinute: 2 } };
    const more = { policies: { process: 'dead-letter' }, deadLetters: letters } as const;
    members.publish('in', 'a', 'bad 1', 'b', 'bad 2');
    await ran(members, topology(memoryStore('history')), more);
    members.publish('in', 'bad 3', 'c');
    const store = memoryStore<string>('history');
    const second = await ran(members, topology(store), more);
    expect([texts(store), members.values('out')]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect(members.broker.records('letters')).toHaveLength(3);
    expect(second.metrics.value('kafka_rx_dead_letters_total')).toBe(1);
  });
});

describe('a refill that does not come to its end', () => {
  /** Six hundred records were committed; a store is filled again with some of them, in units of which each commits. */
  async function halfway(members: Members, store: MemoryStore<string>, look: () => void) {
    members.publish('in', ...numbers(0, 600));
    await ran(members, copied(memoryStore('history')));
    expect(members.committed('in')).toEqual([600]);
    members.publish('in', '600');
    const first = members.start(slowly(members, store), options);
    for (let i = 0; i < 400 && !(read(members, store) > 0); i++) await pass(members, 10, look);
    expect(read(members, store)).toBeGreaterThan(0);
    expect(read(members, store)).toBeLessThan(600);
    expect(members.committed('in')).toEqual([600]);
    return first;
  }
  const slowly = (members: Members, store: MemoryStore<string>) => (app: App) => {
    copied(store)(app);
    app.topic('in', { value }).subscribe(
      app.each(() => new Promise<void>(resolve => void members.clock.schedule(resolve, 4)), {
        name: 'slow',
        concurrency: 1,
      }),
    );
  };
  const read = ({ broker }: Members, store: MemoryStore<string>) => {
    const { id } = broker.cluster.describe().find(({ name }) => name === 'in') ?? { id: '' };
    try {
      return store.positions?.read(`${broker.clusterId}/${id}`, 0) ?? 0;
    } catch {
      // It is not open yet.
      return -1;
    }
  };

  test('goes on where it was in the next process, and the commit never goes back', async () => {
    const members = new Members({ in: 1, out: 1 });
    const look = floor(members);
    const store = memoryStore<string>('history');
    const first = await halfway(members, store, look);
    // It hears of nothing any more, and writes nothing.
    members.broker.faults.refuseCommits(Number.POSITIVE_INFINITY);
    void first.app.stop({ deadlineMs: 0 });
    await pass(members, 1_000, look);
    members.broker.faults.clear();
    await pass(members, 1_000, look);
    expect(first.outcome).not.toBe('running');
    await store.open();
    const at = read(members, store);
    await store.close();
    expect([at < 600, members.committed('in')]).toEqual([true, [600]]);

    const second = await ran(members, copied(store));
    expect(second.metrics.value('kafka_rx_records_consumed_total')).toBe(601 - at);
    expect([texts(store), members.values('out'), members.committed('in')]).toEqual([
      numbers(0, 601),
      numbers(0, 601),
      [601],
    ]);
    // Filled, it is an old one.
    expect(told(await ran(members, copied(store)))).toEqual([]);
  });

  test('is dropped and repeated in part where its units fail', async () => {
    const members = new Members({ in: 1, out: 1 });
    const look = floor(members);
    const store = memoryStore<string>('history');
    const first = await halfway(members, store, look);
    members.broker.faults.refuseCommits(3);
    await pass(members, 10_000, look);
    await members.stop(first);
    expect([texts(store), members.values('out'), members.committed('in')]).toEqual([
      numbers(0, 601),
      numbers(0, 601),
      [601],
    ]);
  });

  test('is gone on with by the member that gets the partition, in its own store', async () => {
    const members = new Members({ in: 1, out: 1 });
    const look = floor(members);
    const [store, other] = [memoryStore<string>('history'), memoryStore<string>('history')];
    const first = await halfway(members, store, look);
    // It would keep its own store as it is, since the other may be away only.
    const second = members.start(copied(other), { ...options, onStoreLost: 'keep' });
    members.broker.faults.crash(members.memberIds()[0] ?? '');
    void first.app.stop({ deadlineMs: 0 });
    await pass(members, 4_000, look);
    await members.pass(60_000);
    await members.stop(second);
    const [some, rest] = [texts(store), texts(other)];
    expect(some.length).toBeGreaterThan(0);
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.length).toBeLessThan(601);
    expect([...new Set([...some, ...rest])]).toEqual(numbers(0, 601));
    expect([members.values('out'), members.committed('in')]).toEqual([numbers(0, 601), [601]]);
  });
});

describe('a task of two inputs', () => {
  const coPartitioned = [['a', 'b']];
  const topology = (store: MemoryStore<string>) => (app: App) => {
    const batches$ = app.topic(['a', 'b'], { value }).pipe(
      batch(records => records.map(record => record.value).join('+'), { maxRecords: 100, maxWaitMs: 5_000 }),
      share(),
    );
    batches$.subscribe(app.to('out', { value }));
    batches$.subscribe(app.store(store));
  };
  const dated = (...times: readonly number[]) =>
    times.map(timestamp => ({ value: String(timestamp), timestamp }));

  test('hands out nothing new of either before both have come to where they were', async () => {
    const members = new Members({ a: 1, b: 1, out: 1 });
    const more = { coPartitioned, commit: { intervalMs: 200 } };
    members.broker.publish('a', dated(1, 20, 21));
    members.broker.publish('b', dated(2, 3));
    await ran(members, topology(memoryStore('history')), more, 'a');
    expect(members.values('out')).toEqual(['1+2+3+20+21']);
    // Older than what the other input has to fill the store with.
    members.broker.publish('b', dated(4, 5));
    members.broker.publish('a', dated(22));
    const store = memoryStore<string>('history');
    await ran(members, topology(store), more, 'a');
    expect(members.values('out')).toEqual(['1+2+3+20+21', '4+5+22']);
    expect(texts(store)).toEqual(['1+2+3+20+21', '4+5+22']);
    expect([members.committed('a'), members.committed('b')]).toEqual([[4], [4]]);
  });

  test('of which one has nothing new goes on with the other', async () => {
    const members = new Members({ a: 1, b: 1, out: 1 });
    const more = { coPartitioned, commit: { intervalMs: 200 } };
    members.broker.publish('a', dated(1));
    await ran(members, topology(memoryStore('history')), more, 'a');
    members.broker.publish('b', dated(4, 5));
    const store = memoryStore<string>('history');
    await ran(members, topology(store), more, 'a');
    expect([members.values('out'), texts(store)]).toEqual([
      ['1', '4+5'],
      ['1', '4+5'],
    ]);
  });
});

describe('a folder that was put back from an older copy', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kafka-rx-once-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('is filled from where it was, beside a topic to which nothing is written twice', async () => {
    const members = new Members({ in: 1, out: 1 });
    const onDisk = () => lmdb('history', { value, directory: join(directory, 'store') });
    const run = async (): Promise<Member> => {
      const member = members.start(app => {
        const in$ = app.topic('in', { value }).pipe(share());
        in$.subscribe(app.to('out', { value }));
        in$.subscribe(app.store(onDisk()));
      }, options);
      // In small steps: the store on disk answers in real time.
      const step = async () => {
        await members.pass(10);
        await new Promise(resolve => setTimeout(resolve, 2));
      };
      for (let i = 0; i < 60; i++) await step();
      void member.app.stop();
      for (let i = 0; i < 200 && member.outcome === 'running'; i++) await step();
      expect(member.outcome).toBe('done');
      return member;
    };
    members.publish('in', 'a', 'b');
    await run();
    cpSync(join(directory, 'store'), join(directory, 'copy'), { recursive: true });
    members.publish('in', 'c', 'd');
    await run();
    rmSync(join(directory, 'store'), { recursive: true });
    cpSync(join(directory, 'copy'), join(directory, 'store'), { recursive: true });
    members.publish('in', 'e');
    const third = await run();
    expect([told(third), third.metrics.value('kafka_rx_records_consumed_total')]).toEqual([
      ['resumed-at-store'],
      3,
    ]);
    expect([members.values('out'), members.committed('in')]).toEqual([['a', 'b', 'c', 'd', 'e'], [5]]);
    const store = onDisk();
    await store.open();
    const found: string[] = [];
    for await (const document of store.byTime()) found.push(document.value);
    await store.close();
    expect(found.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
