import { type DocumentStore, memoryStore, retry, string } from 'kafka-rx';
import { held, Members } from '../../app/members.js';

/** A store whose first writes the test lets fail or hang; what it was asked to write, in order. */
function scripted(outcomes: readonly ('fails' | Promise<void>)[]) {
  const writes: string[] = [];
  const inner = memoryStore<string>('history');
  const store: DocumentStore<string> = {
    ...inner,
    write(documents) {
      const outcome = outcomes[writes.length];
      writes.push(documents.map(({ value, source }) => `${value}@${source.partition}`).join());
      if (outcome === 'fails') return Promise.reject(new Error('full'));
      return outcome ?? inner.write(documents);
    },
  };
  return { store, writes };
}

describe('a write of an epoch that is over', () => {
  test('is not tried again, and the new epoch does not wait behind it', async () => {
    const members = new Members({ in: 1 });
    const { store, writes } = scripted(['fails']);
    const onStoreError = retry({ attempts: 100, initialDelayMs: 70_000, maxDelayMs: 70_000 });
    const member = members.start(app =>
      app.topic('in', { value: string }).subscribe(app.store(store, { onStoreError })),
    );
    await members.settle();
    members.publish('in', 'a');
    await members.pass(1000);
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    await members.pass(1000);
    members.publish('in', 'b');
    await members.pass(1000);
    // The old epoch's, then the new one's at once.
    expect(writes).toEqual(['a@0', 'a@0', 'b@0']);
    expect(members.committed('in')).toEqual([2]);
    await members.pass(300_000);
    expect(writes).toHaveLength(3);
    expect(member.outcome).toBe('running');
    expect(member.metrics.value('kafka_rx_records_dropped_total', { reason: 'stale-epoch' })).toBe(1);
  });

  test('is not written document by document either', async () => {
    const members = new Members({ in: 1 });
    const gate = held();
    const failing = gate.promise.then(() => Promise.reject(new Error('full')));
    failing.catch(() => {});
    const { store, writes } = scripted([failing]);
    const member = members.start(app => app.topic('in', { value: string }).subscribe(app.store(store)));
    await members.settle();
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    expect(writes).toEqual(['a@0,b@0,c@0']);
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    await members.settle();
    gate.resolve();
    await members.pass(1000);
    expect(writes).toEqual(['a@0,b@0,c@0', 'a@0,b@0,c@0']);
    expect([member.outcome, members.committed('in')]).toEqual(['running', [3]]);
  });

  test('that is going on document by document ends with the document at hand', async () => {
    const members = new Members({ in: 1 });
    const gate = held();
    const { store, writes } = scripted(['fails', gate.promise]);
    members.start(app => app.topic('in', { value: string }).subscribe(app.store(store)));
    await members.settle();
    members.publish('in', 'a', 'b', 'c');
    await members.settle();
    expect(writes).toEqual(['a@0,b@0,c@0', 'a@0']);
    members.broker.faults.losePartitions(members.memberIds()[0] ?? '');
    await members.settle();
    gate.resolve();
    await members.pass(1000);
    expect(writes.slice(2)).toEqual(['a@0,b@0,c@0']);
    expect(members.committed('in')).toEqual([3]);
  });
});
