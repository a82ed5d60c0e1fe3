import { type App, type DocumentStore, memoryStore, silentLogger, string } from 'kafka-rx';
import { MemoryBroker } from 'kafka-rx/memory';
import { VirtualClock } from 'kafka-rx/testing';
import { resetGroup } from '../../lib/app/reset-group.js';
import { memory } from '../../lib/drivers/memory/index.js';
import { Members } from './members.js';

const value = string;
const into =
  (store: DocumentStore<string>, change: (text: string) => string = text => text) =>
  (app: App): void => {
    app.topic('in', { value }).subscribe(
      app.store({
        ...store,
        write: documents =>
          store.write(documents.map(document => ({ ...document, value: change(document.value) }))),
      }),
    );
  };

async function filled() {
  const members = new Members({ in: 2 });
  const store = memoryStore<string>('history');
  const at = members.clock.now();
  members.broker.publish(
    'in',
    [0, 1, 2, 3, 4, 5].map(i => ({ value: `${i}`, partition: i % 2, timestamp: at + i * 1000 })),
  );
  const member = members.start(into(store));
  await members.pass(200);
  const stop = async () => {
    void member.app.stop();
    await members.pass(200);
  };
  const driver = memory({ broker: members.broker });
  const reset = (to: Parameters<typeof resetGroup>[0]['to'], stores = [store]) =>
    resetGroup({ driver, groupId: 'group', topics: ['in'], to, stores });
  const texts = () => store.documents().map(document => document.value);
  return { members, store, at, stop, reset, texts };
}

test('a reset that waits for a store says so, by the logger, until it goes on', async () => {
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock });
  broker.createTopic('in', 1);
  const told: unknown[] = [];
  const warn = (fields: object, message: string) => told.push([message, fields]);
  const store = memoryStore<string>('history');
  let open: () => void = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  const reset = resetGroup({
    driver: memory({ broker }),
    clock,
    groupId: 'group',
    topics: ['in'],
    to: 'earliest',
    stores: [{ ...store, open: () => opened.then(() => store.open()) }],
    logger: { ...silentLogger, warn },
  });
  await clock.advanceAsync(4_000);
  expect(told).toEqual([]);
  await clock.advanceAsync(32_000);
  const message = "resetGroup waits for the store 'history' to be opened";
  expect(told).toEqual([5, 35].map(seconds => [message, { store: 'history', seconds }]));
  open();
  await clock.advanceAsync(60_000);
  expect(await reset).toEqual([{ topic: 'in', partition: 0, offset: 0 }]);
  expect(told).toHaveLength(2);
});

describe('a reset of a group', () => {
  test('is refused while a member lives, and changes neither offsets nor store', async () => {
    const { members, stop, reset, texts } = await filled();
    await expect(reset('earliest')).rejects.toMatchObject({ code: 'GROUP_ACTIVE' });
    expect(members.committed('in')).toEqual([3, 3]);
    expect(texts()).toHaveLength(6);
    await stop();
    await reset('earliest');
    expect(members.committed('in')).toEqual([0, 0]);
  });

  test('has everything made anew, and found once with its new value', async () => {
    const { members, store, stop, reset, texts } = await filled();
    await stop();
    expect(await reset('earliest')).toEqual([
      { topic: 'in', partition: 0, offset: 0 },
      { topic: 'in', partition: 1, offset: 0 },
    ]);
    const next = members.start(into(store, text => `new ${text}`));
    await members.pass(200);
    expect(texts()).toEqual([0, 1, 2, 3, 4, 5].map(i => `new ${i}`));
    expect(next.events.filter(({ type }) => type === 'resumed-at-store')).toEqual([]);
  });

  test('to a time goes on at the first record at or after it, to latest at the end; what lies below is kept', async () => {
    const { members, at, stop, reset, texts } = await filled();
    await stop();
    const set = await reset({ timestamp: at + 3000 });
    expect(set.map(({ offset }) => offset)).toEqual([2, 1]);
    expect(texts()).toEqual(['0', '1', '2']);
    expect((await reset('latest')).map(({ offset }) => offset)).toEqual([3, 3]);
    expect(members.committed('in')).toEqual([3, 3]);
    expect(texts()).toEqual(['0', '1', '2']);
  });

  test('cut off between the offsets and the store loses nothing, and a second one mends it', async () => {
    const { members, store, stop, reset, texts } = await filled();
    await stop();
    const failing = {
      ...store,
      positions: store.positions && {
        ...store.positions,
        reincarnate: () => Promise.reject(new Error('killed')),
      },
    };
    await expect(reset('earliest', [failing])).rejects.toThrow('could not be reset');
    expect(members.committed('in')).toEqual([0, 0]);
    expect(texts()).toHaveLength(6);
    await reset('earliest');
    expect(texts()).toEqual([]);
    const next = members.start(into(store));
    await members.pass(200);
    expect(next.metrics.value('kafka_rx_records_consumed_total')).toBe(6);
    expect(texts()).toHaveLength(6);
  });

  test('names a topic that does not exist, and changes nothing', async () => {
    const { members, stop } = await filled();
    await stop();
    const driver = memory({ broker: members.broker });
    const wrong = resetGroup({ driver, groupId: 'group', topics: ['in', 'inn'], to: 'earliest' });
    await expect(wrong).rejects.toMatchObject({
      code: 'MISSING_TOPIC',
      message: expect.stringContaining("'inn'"),
    });
    expect(members.committed('in')).toEqual([3, 3]);
  });
});
