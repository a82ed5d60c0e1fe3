import { type App, type MemoryStore, memoryStore, string } from 'kafka-rx';
import { Members } from './members.js';

const sessionTimeoutMs = 1000;

/** One store that members share, as a folder, seen through the eyes of one of them. */
function seenBy(store: MemoryStore<string>) {
  const noted: number[] = [];
  const positions = store.positions && {
    ...store.positions,
    advance: (
      news: readonly { readonly origin: string; readonly partition: number; readonly offset: number }[],
    ) => {
      noted.push(...news.map(({ offset }) => offset));
      return store.positions?.advance(news);
    },
  };
  const topology = (app: App): void => {
    // A member that leaves does not close the folder of the others.
    app.topic('in', { value: string }).subscribe(app.store({ ...store, positions, close: async () => {} }));
  };
  return { noted, topology };
}

describe('a member whose session is over', () => {
  test('notes nothing in the store: it is another’s to say how far it is', async () => {
    const members = new Members({ in: 1 });
    const shared = memoryStore<string>('history');
    const [stale, other] = [seenBy(shared), seenBy(shared)];
    members.start(stale.topology, { sessionTimeoutMs, commit: { intervalMs: 1500, every: 1000 } });
    await members.settle();
    members.publish('in', 'a', 'b');
    await members.settle();
    // Its heartbeats stop before it has committed what it stored.
    const [staleId = ''] = members.memberIds();
    members.broker.faults.silence(staleId);
    await members.pass(1100);
    expect(members.memberIds()).toEqual([]);
    members.start(other.topology, { sessionTimeoutMs });
    await members.pass(200);
    members.publish('in', 'c', 'd', 'e');
    await members.pass(100);
    expect(members.committed('in')).toEqual([5]);
    expect(other.noted.at(-1)).toBe(5);

    // Its commit is due, and it does not know yet; then it hears.
    await members.pass(500);
    members.broker.faults.endSilence(staleId);
    await members.pass(3000);
    expect(stale.noted).toEqual([]);
    expect(members.committed('in')).toEqual([5]);
    expect(shared.documents().map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('that was silent and is confirmed again notes and commits what it had', async () => {
    const members = new Members({ in: 1 });
    const store = memoryStore<string>('history');
    const member = seenBy(store);
    members.start(member.topology, { sessionTimeoutMs: 6000, commit: { intervalMs: 5600, every: 1000 } });
    await members.settle();
    members.publish('in', 'a', 'b');
    await members.settle();
    const [id = ''] = members.memberIds();
    members.broker.faults.silence(id);
    await members.pass(5800);
    expect([member.noted, members.committed('in')]).toEqual([[], [-1]]);
    members.broker.faults.endSilence(id);
    await members.pass(3000);
    expect([member.noted, members.committed('in')]).toEqual([[2], [2]]);
  });

  test('a commit that is tried again, and in parts, is noted once', async () => {
    const members = new Members({ in: 8 });
    const store = memoryStore<string>('history');
    const member = seenBy(store);
    members.start(member.topology, { commit: { intervalMs: 100, every: 1000 } });
    await members.settle();
    members.broker.faults.refuseCommits(3);
    members.broker.publish(
      'in',
      Array.from({ length: 8 }, (_, partition) => ({ value: 'x', partition })),
    );
    await members.pass(3000);
    expect(members.committed('in')).toEqual(Array.from({ length: 8 }, () => 1));
    expect(member.noted).toHaveLength(8);
  });
});
