/** A reset with a store whose indexes were changed, which an app refuses to open. */
import { type App, createApp, memoryStore, resetGroup } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { lmdbMachine } from '../../lib/stores/lmdb-machine.js';
import { lmdbOn } from '../../lib/stores/lmdb-store.js';
import type { DocumentStore } from '../../lib/stores/port.js';
import { all, origin, type Sale, type SaleIndex, sale, saleCodec, saleIndexes } from '../contract/sales.js';
import { failure, lmdbFixture } from './lmdb-fixture.js';
import { lmdbInMemory } from './lmdb-in-memory.js';

const fixture = lmdbFixture();
const start = [{ origin, partition: 0, offset: 0 }];
const customer = { by: { customer: (value: Sale) => value.customer } };
const refused = { code: 'STORE', message: expect.stringContaining("its index 'note' does not file") };

describe.each([
  ['on this machine', () => lmdbMachine],
  ['simulated', lmdbInMemory],
])('a store of LMDB %s to which an index was added', (_, hostOf) => {
  let host: ReturnType<typeof hostOf>;
  beforeEach(() => {
    host = hostOf();
  });
  const store = (options: object = saleIndexes) =>
    lmdbOn<Sale, SaleIndex>(host, 'sales', { value: saleCodec, directory: fixture.directory, ...options });

  /** Documents at these places, filed by customer alone. */
  async function filled(...documents: Parameters<DocumentStore<Sale>['write']>[0]) {
    const before = store(customer);
    await before.open();
    await before.write(documents.length > 0 ? documents : [sale(0, 'ann', 0), sale(1, 'ann', 1)]);
    await before.close();
  }

  test('is opened by the reset that empties it, and filled again by its new indexes', async () => {
    const broker = new MemoryBroker();
    broker.createTopic('in', 1);
    broker.publish(
      'in',
      [0, 1, 2].map(at => ({ value: JSON.stringify({ customer: 'ann', at, note: `n${at}` }) })),
    );
    const driver = memory({ broker });
    const processed = async (into: DocumentStore<Sale>) => {
      const app: App = createApp({ groupId: 'group', driver, commit: { every: 1 } });
      app.topic('in', { value: saleCodec }).subscribe(app.store(into));
      const run = app.run();
      while (broker.committed('group', 'in')[0] !== 3) {
        await Promise.race([run, new Promise(resolve => setTimeout(resolve, 5))]);
      }
      await app.stop();
      await run;
    };
    await processed(store(customer));

    const app = createApp({ groupId: 'group', driver });
    app.topic('in', { value: saleCodec }).subscribe(app.store(store()));
    await expect(app.run()).rejects.toMatchObject(refused);

    const set = await resetGroup({
      driver,
      groupId: 'group',
      topics: ['in'],
      to: 'earliest',
      stores: [store()],
    });
    expect(set).toEqual([{ topic: 'in', partition: 0, offset: 0 }]);
    await processed(store());
    const reader = store({ ...saleIndexes, readOnly: true });
    await reader.open();
    expect(await all(reader.by('note', 'n2'))).toHaveLength(1);
    expect(await reader.count()).toBe(3);
    await reader.close();
  });

  test('is refused as before after a reset that was cut off before it began, and takes no document meanwhile', async () => {
    await filled();
    const cut = store();
    await cut.open(start);
    expect(await failure(cut.write([sale(2, 'ann', 2)]))).toMatchObject(refused);
    await expect(all(cut.by('note', 'ann@0'))).rejects.toMatchObject(refused);
    expect(await cut.count()).toBe(2);
    await cut.close();
    expect(await failure(store().open())).toMatchObject(refused);

    const again = store();
    await again.open(start);
    await again.positions?.reincarnate(start);
    await again.write([sale(0, 'ann', 5)]);
    expect(await all(again.by('note', 'ann@5'))).toHaveLength(1);
    await again.close();
  });

  test.each([
    ['to a later offset', [{ origin, partition: 0, offset: 1 }], []],
    ['of another partition', [{ origin, partition: 1, offset: 0 }], []],
    ['of a topic made anew', [{ origin: 'cluster-1/topic-2', partition: 0, offset: 0 }], []],
    [
      'to the middle of a bundle',
      [{ origin, partition: 0, offset: 7 }],
      [sale(8, 'ann', 8, { ordinal: '.0.0' })],
    ],
  ])('is refused to a reset %s, which would leave some of its documents', async (_case, at, documents) => {
    const bundles = documents.map(document => ({
      ...document,
      members: [6, 8].map(offset => ({ origin, partition: 0, offset, ordinal: '' })),
    }));
    await filled(...bundles);
    expect(await failure(store().open(at))).toMatchObject({
      code: 'STORE',
      message: expect.stringMatching(/index 'note' does not file.*the reset leaves.*empty folder/),
    });
    const before = store(customer);
    await before.open(at);
    await before.close();
  });

  test('is refused to any reset where its documents have ids of their own, which a reset leaves', async () => {
    const id = (value: Sale): string => value.customer;
    const before = store({ ...customer, id });
    await before.open();
    await before.write([sale(0, 'ann', 0)]);
    await before.close();
    const error = await failure(store({ ...saleIndexes, id }).open(start));
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining('the reset leaves') });
  });

  test('is emptied also by a codec that cannot read what is there', async () => {
    await filled();
    const decode = (): never => {
      throw new Error('of another shape');
    };
    const changed = store({ ...saleIndexes, value: { ...saleCodec, decode } });
    await changed.open(start);
    await changed.positions?.reincarnate(start);
    expect(await changed.count()).toBe(0);
    await changed.close();
  });

  test('a process that opened it while it was empty writes nothing once another has left out an index', async () => {
    const early = store();
    await early.open();
    await filled();
    expect(await failure(early.write([sale(2, 'ann', 2)]))).toMatchObject(refused);
    await early.close();
  });

  test('is refused to a reset where it is for reading only, before anything is set', async () => {
    await filled();
    const error = await failure(store({ ...customer, readOnly: true }).open(start));
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining('reading only') });
  });
});

test('the store in memory is refused to a reset where it is for reading only, as that on disk is', async () => {
  const error = await failure(memoryStore<Sale>('sales', { readOnly: true }).open(start));
  expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining('reading only') });
});

test('a reset tells a store that is for reading only before it sets the offsets', async () => {
  const broker = new MemoryBroker();
  broker.createTopic('in', 1);
  broker.publish('in', [{ value: 'a' }]);
  const driver = memory({ broker });
  const stores = [memoryStore<Sale>('sales', { readOnly: true })];
  const reset = resetGroup({ driver, groupId: 'group', topics: ['in'], to: 'latest', stores });
  await expect(reset).rejects.toMatchObject({ code: 'STORE' });
  expect(broker.committed('group', 'in')).not.toEqual([1]);
});
