/** What docs/exactly-once.md says of exactly once, sentence by sentence, where no other spec shows it; spec/docs/exactly-once.spec.ts has the list. */
import { type App, KafkaRxError, memoryStore, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { mapAsync, share } from 'kafka-rx/operators';
import { map, scan } from 'rxjs';
import { PortCalls } from '../contract/contract-client.js';
import { RecordingListener } from '../contract/recording-listener.js';
import { quietContext } from '../drivers/quiet-context.js';
import { copyingGood } from './copying-good.js';
import { held, type Member, Members } from './members.js';

const value = string;
const options = { guarantee: 'exactly-once', commit: { intervalMs: 100 } } as const;

const copy = (app: App): void => void app.topic('in', { value }).subscribe(app.to('left', { value }));

describe('a barrier', () => {
  test('comes every 100 ms where nothing else is asked for', async () => {
    const members = new Members({ in: 1, left: 1 });
    const member = members.start(copy, { guarantee: 'exactly-once', commit: undefined });
    await members.pass(500);
    members.publish('in', 'a');
    await members.pass(95);
    expect(members.values('left')).toEqual([]);
    await members.pass(10);
    expect(members.values('left')).toEqual(['a']);
    await members.stop(member);
  });

  test('is one task’s: the others hand out and commit meanwhile', async () => {
    const members = new Members({ in: 2, left: 2 });
    const call = held();
    const member = members.start(
      app =>
        void app
          .topic('in', { value })
          .pipe(mapAsync(async v => (v === 'slow' ? call.promise.then(() => v) : v)))
          .subscribe(app.to('left', { value, partition: ({ partition }) => partition })),
      options,
    );
    await members.pass(500);
    members.broker.publish('in', [{ value: 'slow', partition: 0 }]);
    for (const v of ['a', 'b', 'c']) {
      members.broker.publish('in', [{ value: v, partition: 1 }]);
      members.broker.publish('in', [{ value: `behind ${v}`, partition: 0 }]);
      await members.pass(300);
    }
    expect([members.values('left'), members.committed('in')]).toEqual([
      ['a', 'b', 'c'],
      [-1, 3],
    ]);
    call.resolve();
    await members.pass(1_000);
    expect(members.committed('in')).toEqual([4, 3]);
    await members.stop(member);
  });
});

describe('of what a unit writes', () => {
  test('a source sees nothing before it is committed, and nothing of what is dropped', async () => {
    const members = new Members({ in: 1, left: 1 });
    const seen: string[] = [];
    const reader = members.start(
      app => void app.topic('left', { value }).subscribe(app.each(({ value: v }) => void seen.push(v))),
      { groupId: 'reader' },
    );
    const member = members.start(copy, options);
    await members.pass(500);
    members.broker.faults.refuseCommits(2);
    members.publish('in', 'a', 'b');
    await members.pass(90);
    expect(seen).toEqual([]);
    await members.pass(5_000);
    expect(seen).toEqual(['a', 'b']);
    await members.stop(reader, member);
  });

  test('a reader of uncommitted records sees what is not decided, and what is dropped', async () => {
    const members = new Members({ in: 1, left: 1 });
    const seen = await uncommitted(members, 'left');
    const member = members.start(copy, options);
    await members.pass(500);
    members.broker.faults.refuseCommits(1);
    members.publish('in', 'a', 'b');
    await members.pass(90);
    expect([seen(), members.values('left')]).toEqual([['a', 'b'], []]);
    await members.pass(5_000);
    expect([seen(), members.values('left')]).toEqual([
      ['a', 'b', 'a', 'b'],
      ['a', 'b'],
    ]);
    await members.stop(member);
  });

  test('a dead letter is there once, though its unit failed before', async () => {
    const members = new Members({ in: 1, left: 1, letters: 1 });
    const member = members.start(
      copyingGood('left', v => v === 'b'),
      {
        ...options,
        policies: { process: 'dead-letter' },
        deadLetters: { topic: 'letters', limit: 'none' },
      },
    );
    await members.pass(500);
    members.broker.faults.refuseCommits(3);
    members.publish('in', 'a', 'b', 'c');
    await members.pass(5_000);
    expect([members.values('left'), members.broker.records('letters').length]).toEqual([['a', 'c'], 1]);
    await members.stop(member);
  });
});

/** Of all records, committed or not. */
async function uncommitted({ broker, clock }: Members, topic: string): Promise<() => string[]> {
  const context = quietContext('reader', clock);
  const connection = await memory({ broker }).connect(context);
  const seen = new RecordingListener(new PortCalls(), () => true);
  const consumer = connection.consumer(
    {
      ...{ groupId: 'uncommitted', topics: [topic], startFrom: 'earliest', coPartitioned: [] },
      ...{ sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 60_000, readCommitted: false },
    },
    seen,
  );
  void consumer.start();
  return () => seen.records.map(({ value: v }) => String(v));
}

test('through refused commits and outputs, fences, outages and rebalances each partition’s outputs are there once, in order', async () => {
  const partitions = [0, 1, 2];
  const members = new Members({ in: partitions.length, left: partitions.length, right: partitions.length });
  const { broker } = members;
  const to = { value, partition: ({ partition }: { readonly partition: number }) => partition };
  const wire = (app: App): void => {
    const in$ = app.topic('in', { value }).pipe(share());
    in$.subscribe(app.to('left', to));
    const slowly = (v: string) =>
      new Promise<string>(resolve => members.clock.schedule(() => resolve(v), 20));
    in$.pipe(mapAsync(slowly, { order: 'partition' })).subscribe(app.to('right', to));
  };
  const faults = [
    () => broker.faults.refuseCommits(2),
    () => broker.faults.failProduce(2, new KafkaRxError('PRODUCE', 'refused'), { topic: 'right' }),
    () => broker.faults.rebalance('group'),
    () => broker.faults.fence('group', 'in/1'),
    () => broker.faults.down(),
    () => broker.faults.up(),
    () => broker.faults.losePartitions(members.memberIds()[0] ?? ''),
    () => broker.faults.fence('group', 'in/0/2'),
    () => void started.push(members.start(wire, { ...options, sessionTimeoutMs: 6_000 })),
    () => broker.faults.crash(members.memberIds()[0] ?? ''),
  ];
  const started = [members.start(wire, { ...options, sessionTimeoutMs: 6_000 })];
  await members.pass(500);
  for (let i = 0; i < 400; i++) {
    for (const partition of partitions) broker.publish('in', [{ value: `${i}`, partition }]);
    if (i % 40 === 39) faults[(i - 39) / 40]?.();
    await members.pass(23);
  }
  await members.pass(120_000);
  const all = Array.from({ length: 400 }, (_, i) => `${i}`);
  for (const topic of ['left', 'right']) {
    for (const partition of partitions) {
      const there = broker.records(topic).filter(record => record.partition === partition);
      expect([topic, there.map(({ value: v }) => String(v))]).toEqual([topic, all]);
    }
  }
  expect(members.committed('in')).toEqual([400, 400, 400]);
  // Else nothing was shown here.
  const told = started.flatMap(({ events }) =>
    events.flatMap(event => (event.type === 'commit' ? [event.result.error?.code] : [])),
  );
  expect(told).toEqual(expect.arrayContaining(['COMMIT_FAILED', 'PRODUCE', 'COMMIT_REFUSED']));
  await members.stop(started[1] as Member);
});

describe('outside of Kafka', () => {
  test('documents, calls of mapAsync and app.each are repeated; documents replace themselves', async () => {
    const members = new Members({ in: 1, left: 1 });
    const [calls, told]: [string[], string[]] = [[], []];
    const store = memoryStore<string>('copies');
    let written = 0;
    const counting = {
      ...store,
      write: (...of: Parameters<typeof store.write>) => {
        written += of[0].length;
        return store.write(...of);
      },
    } as typeof store;
    const wire = (app: App): void => {
      const in$ = app.topic('in', { value }).pipe(share());
      const call = async (v: string) => {
        calls.push(v);
        return v;
      };
      in$.pipe(mapAsync(call)).subscribe(app.to('left', { value }));
      in$.subscribe(app.each(({ value: v }) => void told.push(v)));
      in$.subscribe(app.store(counting));
    };
    const member = members.start(wire, options);
    await members.pass(500);
    members.broker.faults.refuseCommits(1);
    members.publish('in', 'a');
    await members.pass(5_000);
    expect([calls, told, written]).toEqual([['a', 'a'], ['a', 'a'], 2]);
    expect([members.values('left'), await store.count()]).toEqual([['a'], 1]);
    await members.stop(member);
  });

  test('an operator that remembers has the records of a unit that failed once more, in the same subscription', async () => {
    const members = new Members({ in: 1, left: 1 });
    const member = members.start(
      app =>
        void app
          .topic('in', { value })
          .pipe(
            scan((sum, record) => record.withValue(`${sum.value}${record.value}`)),
            map(record => record),
          )
          .subscribe(app.to('left', { value })),
      options,
    );
    await members.pass(500);
    members.broker.faults.refuseCommits(1);
    members.publish('in', 'a', 'b');
    await members.pass(5_000);
    expect([member.outcome, members.values('left')]).toEqual(['running', ['aba', 'abab']]);
    await members.stop(member);
  });
});
