import { type App, type DocumentStore, type MemoryStore, memoryStore, string } from 'kafka-rx';
import { held, type Member, Members } from './members.js';

const value = string;
const into =
  (store: DocumentStore<string>) =>
  (app: App): void => {
    app.topic('in', { value }).subscribe(app.store(store));
  };
const resumed = ({ events }: Member) => events.filter(({ type }) => type === 'resumed-at-store');
const texts = (store: MemoryStore<string>): string[] => store.documents().map(document => document.value);
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

/** The identity under which documents of the topic are kept. */
async function originOf(members: Members, topic: string): Promise<string> {
  const { id } = members.broker.cluster.describe().find(({ name }) => name === topic) ?? { id: '' };
  return `${members.broker.clusterId}/${id}`;
}

/** Reads all that is in the topic, commits it, and stops. */
async function readAll(members: Members, store: DocumentStore<string>, groupId = 'group'): Promise<Member> {
  const member = members.start(into(store), { groupId });
  await members.pass(200);
  void member.app.stop();
  await members.pass(200);
  expect(member.outcome).toBe('done');
  return member;
}

/** What putting an older copy back makes of a store. */
async function restore(store: MemoryStore<string>, origin: string, offset: number): Promise<void> {
  await store.open();
  await store.positions?.reincarnate([{ origin, partition: 0, offset }]);
  await store.close();
}

describe('a store and what was committed', () => {
  test('a store put back from an older copy is filled again from its own position, and that is announced', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    members.publish('in', ...numbers(0, 10));
    await readAll(members, store);
    await restore(store, await originOf(members, 'in'), 4);
    members.publish('in', '10');

    const member = await readAll(members, store);
    expect(texts(store)).toEqual(numbers(0, 11));
    expect(member.metrics.value('kafka_rx_records_consumed_total')).toBe(7);
    expect(resumed(member)).toEqual([
      {
        type: 'resumed-at-store',
        topic: 'in',
        partition: 0,
        store: 'history',
        committed: 10,
        position: 4,
        offset: 4,
      },
    ]);
    expect(members.committed('in')).toEqual([11]);
    // Filled again, it is no longer behind.
    const next = await readAll(members, store);
    expect(resumed(next)).toEqual([]);
    expect(next.metrics.value('kafka_rx_records_consumed_total')).toBe(0);
  });

  test('a copy from before the partition was first seen is filled from the first record that the log still has', async () => {
    const members = new Members({ in: 1 });
    const full = memoryStore<string>('history');
    members.publish('in', ...numbers(0, 10));
    await readAll(members, full);
    const empty = memoryStore<string>('history');
    const copy = {
      ...empty,
      positions: empty.positions && { ...empty.positions, id: full.positions?.id ?? '' },
    };
    members.broker.deleteRecords({ topic: 'in', partition: 0 }, 3);
    const member = await readAll(members, copy);
    expect(texts(empty)).toEqual(numbers(3, 10));
    expect(resumed(member)).toMatchObject([{ position: 0, offset: 3, committed: 10 }]);
  });

  test('nothing is committed that the store has not noted, and all of it names the store', async () => {
    const members = new Members({ in: 1 });
    const inner = memoryStore<string>('history');
    const gate = held();
    const noted: number[] = [];
    const positions = inner.positions && {
      ...inner.positions,
      advance: async (news: readonly { readonly offset: number }[]) => {
        noted.push(...news.map(({ offset }) => offset));
        await gate.promise;
      },
    };
    members.start(into({ ...inner, positions }));
    members.publish('in', 'a');
    await members.pass(100);
    expect(texts(inner)).toEqual(['a']);
    expect([noted, members.committed('in')]).toEqual([[1], [-1]]);
    gate.resolve();
    await members.pass(100);
    expect(members.committed('in')).toEqual([1]);
    const { metadata } = members.broker.cluster.group('group').committed({ topic: 'in', partition: 0 });
    expect(metadata.split(' ')).toContain(inner.positions?.id);
  });

  test('of two stores the lower position counts', async () => {
    const members = new Members({ in: 1 });
    const [a, b] = [memoryStore<string>('a'), memoryStore<string>('b')];
    const both = (app: App): void => {
      const source = app.topic('in', { value });
      source.subscribe(app.store(a));
      source.subscribe(app.store(b));
    };
    members.publish('in', ...numbers(0, 10));
    const first = members.start(both);
    await members.pass(200);
    void first.app.stop();
    await members.pass(200);
    const origin = await originOf(members, 'in');
    await restore(a, origin, 7);
    await restore(b, origin, 5);
    const second = members.start(both);
    await members.pass(200);
    expect([texts(a), texts(b)]).toEqual([numbers(0, 10), numbers(0, 10)]);
    expect(resumed(second)).toMatchObject([{ store: 'b', offset: 5 }]);
  });

  test('members with stores of their own take over from each other without repeating anything', async () => {
    const members = new Members({ in: 2 });
    const stores = [memoryStore<string>('history'), memoryStore<string>('history')] as const;
    const first = members.start(into(stores[0]));
    await members.pass(50);
    members.publish('in', ...numbers(0, 20));
    await members.pass(200);
    const second = members.start(into(stores[1]));
    await members.pass(200);
    members.publish('in', ...numbers(20, 40));
    await members.pass(200);
    void second.app.stop();
    await members.pass(200);
    members.publish('in', ...numbers(40, 60));
    await members.pass(200);
    expect([...resumed(first), ...resumed(second)]).toEqual([]);
    const consumed = [first, second].map(member => member.metrics.value('kafka_rx_records_consumed_total'));
    expect(consumed[1]).toBeGreaterThan(0);
    expect((consumed[0] ?? 0) + (consumed[1] ?? 0)).toBe(60);
    expect(new Set(stores.flatMap(texts)).size).toBe(60);
  });

  test('an offset set by another tool counts, whatever the store says', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    members.publish('in', ...numbers(0, 5));
    await readAll(members, store);
    members.publish('in', ...numbers(5, 10));
    members.broker.setCommitted('group', { topic: 'in', partition: 0 }, 8);
    const member = await readAll(members, store);
    expect(resumed(member)).toEqual([]);
    expect(texts(store)).toEqual([...numbers(0, 5), '8', '9']);
  });

  test('a store ahead of the very same topic fails the app, says where, and what to do', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    members.publish('in', ...numbers(0, 5));
    await readAll(members, store);
    await restore(store, await originOf(members, 'in'), 6);
    const member = members.start(into(store));
    await members.pass(200);
    expect(member.outcome).toMatchObject({
      code: 'STORE_AHEAD',
      at: { topic: 'in', partition: 0, offset: 6 },
      message: expect.stringMatching(/'history'.*ends at 5.*reset group and store/),
    });
    expect(members.committed('in')).toEqual([5]);
    // In another group, too: it is about the topic, not about offsets.
    const other = members.start(into(store), { groupId: 'other' });
    await members.pass(200);
    expect(other.outcome).toMatchObject({ code: 'STORE_AHEAD' });
  });

  test('a store that has what a truncation took fails the app, also where the log has grown beyond it', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    members.publish('in', ...numbers(0, 8));
    await readAll(members, store);
    members.broker.truncate({ topic: 'in', partition: 0 }, 5);
    members.publish('in', ...numbers(5, 15).map(text => `new ${text}`));
    const member = members.start(into(store));
    await members.pass(200);
    expect(member.outcome).toMatchObject({
      code: 'STORE_AHEAD',
      at: { topic: 'in', partition: 0, offset: 8 },
      message: expect.stringMatching(/'history'.*lost all from offset 5 on.*reset group and store/),
    });
    expect(members.committed('in')).toEqual([8]);
    expect(texts(store)).toEqual(numbers(0, 8));
  });

  test('a store that has none of what a truncation took goes on from its own position', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    members.publish('in', ...numbers(0, 8));
    await readAll(members, store);
    await restore(store, await originOf(members, 'in'), 4);
    members.broker.truncate({ topic: 'in', partition: 0 }, 5);
    members.publish('in', 'new 5', 'new 6');
    const member = await readAll(members, store);
    expect(texts(store).sort()).toEqual([...numbers(0, 5), 'new 5', 'new 6']);
    expect(member.metrics.value('kafka_rx_records_consumed_total')).toBe(3);
    expect(members.committed('in')).toEqual([7]);
  });

  test('without a store the app goes on where the log differs, running or not, and nothing new is skipped', async () => {
    const members = new Members({ in: 1 });
    const seen: string[] = [];
    const topology = (app: App): void => {
      app.topic('in', { value }).subscribe(app.each(record => void seen.push(record.value)));
    };
    members.publish('in', ...numbers(0, 8));
    const member = members.start(topology);
    await members.pass(200);
    members.broker.truncate({ topic: 'in', partition: 0 }, 5);
    members.publish('in', ...numbers(5, 15).map(text => `new ${text}`));
    await members.pass(200);
    void member.app.stop();
    await members.pass(200);
    expect(member.outcome).toBe('done');
    expect(seen.slice(8)).toEqual(numbers(5, 15).map(text => `new ${text}`));
    expect(members.committed('in')).toEqual([15]);
    const told = member.events.flatMap(event => (event.type === 'driver' ? [event.event] : []));
    expect(told).toContainEqual({
      type: 'offset-reset',
      topic: 'in',
      partition: 0,
      from: 8,
      to: 5,
      truncated: true,
    });
  });

  test('a topic created anew under its name is another one: read from its beginning, beside what was kept', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    members.publish('in', ...numbers(0, 5));
    await readAll(members, store);
    members.broker.deleteTopic('in');
    members.broker.createTopic('in', 1);
    members.publish('in', 'new');
    await readAll(members, store);
    expect(texts(store)).toEqual([...numbers(0, 5), 'new']);
    expect(members.committed('in')).toEqual([1]);
  });

  test('a topic created anew while the app runs has its documents under its new identity', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    const member = members.start(into(store));
    members.publish('in', ...numbers(0, 5));
    await members.pass(200);
    members.broker.deleteTopic('in');
    await members.pass(100);
    members.broker.createTopic('in', 1);
    members.publish('in', 'new');
    await members.pass(200);
    expect(texts(store)).toEqual([...numbers(0, 5), 'new']);
    expect(member.outcome).toBe('running');
  });

  test('so has a store that tells no positions: nothing of the old topic is overwritten', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    const member = members.start(into({ ...store, positions: undefined }));
    members.publish('in', ...numbers(0, 5));
    await members.pass(200);
    const old = await originOf(members, 'in');
    members.broker.deleteTopic('in');
    await members.pass(100);
    members.broker.createTopic('in', 1);
    members.publish('in', 'new', 'newer');
    await members.pass(200);
    expect(texts(store)).toEqual([...numbers(0, 5), 'new', 'newer']);
    const origins = store.documents().map(({ id }) => id.replace(/\/0\/\d+$/, ''));
    const anew = await originOf(members, 'in');
    expect(origins).toEqual([old, old, old, old, old, anew, anew]);
    expect(member.outcome).toBe('running');
  });

  test('an intended reset is read again, and found once', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    members.publish('in', ...numbers(0, 5));
    await readAll(members, store);
    const at = { topic: 'in', partition: 0, offset: 2 };
    // Cut off between the two: Kafka's offset is the lower one.
    members.broker.setCommitted('group', at, 2);
    const origin = await originOf(members, 'in');
    await store.open();
    await store.positions?.reincarnate([{ origin, ...at }]);
    const member = await readAll(members, store);
    expect(member.metrics.value('kafka_rx_records_consumed_total')).toBe(3);
    expect(resumed(member)).toEqual([]);
    expect(texts(store)).toEqual(numbers(0, 5));
  });
});
