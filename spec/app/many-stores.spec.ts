/** What a commit says of stores has a bound at the brokers: hundreds of stores fit, and what does not is refused before it runs. */
import { type App, type DocumentStore, KafkaRxError, memoryStore, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { share } from 'kafka-rx/operators';
import { Members } from './members.js';

const value = string;
const into = (stores: readonly DocumentStore<string>[]) => (app: App) => {
  const in$ = app.topic('in', { value }).pipe(share());
  for (const store of stores) in$.subscribe(app.store(store));
};
const many = (n: number) => Array.from({ length: n }, (_, i) => memoryStore<string>(`store-${i}`));
const longId = (): DocumentStore<string> => {
  const store = memoryStore<string>('long');
  return { ...store, positions: { ...store.positions, id: 'x'.repeat(5000) } as never };
};

test.each<[string, () => DocumentStore<string>[]]>([
  ['120 stores', () => many(120)],
  ['400 stores', () => many(400)],
  ['a store with a long id', () => [longId()]],
])('%s: commits, and the next run begins where the last ended', async (_what, make) => {
  const members = new Members({ in: 1 });
  const stores = make();
  members.publish('in', 'a', 'b');
  const first = members.start(into(stores));
  await members.settle();
  await members.pass(1000);
  expect([first.outcome, members.committed('in')]).toEqual(['running', [2]]);
  void first.app.stop();
  await members.pass(1000);
  expect(first.outcome).toBe('done');

  const again = members.start(into(stores));
  await members.pass(1000);
  expect(again.events.filter(({ type }) => type === 'resumed-at-store' || type === 'store-new')).toEqual([]);
  expect(members.committed('in')).toEqual([2]);
});

test('a store among many that was put back is filled from its own position: it is known by its digest', async () => {
  const members = new Members({ in: 1 });
  const stores = many(200);
  members.publish('in', 'a', 'b', 'c');
  const first = members.start(into(stores));
  await members.pass(1000);
  void first.app.stop();
  await members.pass(1000);
  const [back, ...others] = stores;
  if (back?.positions === undefined) throw new Error('no positions');
  const older = { ...back, positions: { ...back.positions, read: () => 1 } };
  const again = members.start(into([older, ...others]));
  await members.pass(1000);
  expect(again.events).toContainEqual(
    expect.objectContaining({ type: 'resumed-at-store', position: 1, offset: 1 }),
  );
});

test('more than fit are refused before anything is read, with what to do', async () => {
  const members = new Members({ in: 1 });
  members.publish('in', 'a');
  const member = members.start(into(many(600)));
  await members.pass(1000);
  expect(member.outcome).toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringMatching(/600 stores.*'store-0'/),
    remedy: expect.stringContaining('fewer stores'),
  });
});

test('text of a user’s own beside an offset that is too long is the commit’s error, and ends no process', async () => {
  const members = new Members({ in: 1 });
  const connection = await memory({ broker: members.broker }).connect({
    clientId: 'c',
    clock: members.clock,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    event: () => {},
  });
  let assigned: readonly { topic: string; partition: number; epoch: number }[] = [];
  const consumer = connection.consumer(
    {
      groupId: 'g',
      topics: ['in'],
      startFrom: 'earliest',
      coPartitioned: [],
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      readCommitted: true,
      fetch: {},
    } as never,
    {
      assigned: (p: never) => {
        assigned = p;
      },
      revoking: async () => {},
      lost() {},
      batch() {},
      confirmed() {},
      failed() {},
    } as never,
  );
  void consumer.start();
  await members.settle();
  const [at] = assigned;
  if (at === undefined) throw new Error('nothing assigned');
  for (const metadata of ['x'.repeat(5000), 'ü'.repeat(2100)]) {
    const committed: Promise<unknown> = consumer.commit([{ ...at, offset: 0, metadata }]).then(
      () => 'done',
      error => error,
    );
    await members.settle();
    expect(await committed).toMatchObject({ code: 'CONFIGURATION', retriable: false });
  }
  await connection.close();
});

test('a commit of which the brokers never take the text fails the app, with what to do', async () => {
  const members = new Members({ in: 1 });
  const error = new KafkaRxError('CONFIGURATION', 'too long', { remedy: 'Raise the limit' });
  members.broker.faults.refuseCommits(1_000_000, error);
  members.publish('in', 'a');
  const member = members.start(into(many(1)));
  await members.pass(1000);
  expect([member.outcome, members.committed('in')]).toEqual([error, [-1]]);
});

test.each([
  [true, 'is tried again with the next'],
  [false, 'none will be until this is mended'],
])('health() promises another try of a commit only where one may help: %s', async (retriable, said) => {
  const members = new Members({ in: 1 });
  const error = new KafkaRxError('COMMIT_FAILED', 'no right to', {
    retriable,
    remedy: 'Give the user the right',
  });
  members.broker.faults.refuseCommits(1_000_000, error);
  members.publish('in', 'a');
  const member = members.start(into(many(1)));
  await members.pass(60_000);
  const commit = member.app.health().reasons.find(reason => reason.includes('last commit'));
  expect(commit).toContain(said);
  expect(commit).toContain('Give the user the right');
});
