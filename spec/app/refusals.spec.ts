import { type App, createApp, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { Members } from './members.js';

const value = string;

async function outcomeOf(topology: (app: App) => void, topics: Record<string, number> = { in: 1, out: 1 }) {
  const members = new Members(topics);
  members.broker.publish(Object.keys(topics)[0] ?? '', [{ value: 'a' }]);
  const member = members.start(topology);
  await members.settle();
  return { member, members, outcome: member.outcome };
}

const wired = (app: App): void => {
  app.topic('in', { value }).subscribe(app.to('out', { value }));
};

describe('run refuses, before it consumes anything,', () => {
  test.each([
    ['a topology without a source', () => {}, 'TOPOLOGY', 'no source'],
    [
      'a source without a subscriber',
      (app: App) => {
        wired(app);
        app.topic('unheard', { value });
      },
      'SOURCE_WITHOUT_SUBSCRIBER',
      "'unheard'",
    ],
    [
      'a missing input topic',
      (app: App) => {
        app.topic(['in', 'nowhere'], { value }).subscribe(app.to('out', { value }));
      },
      'MISSING_TOPIC',
      "'nowhere'",
    ],
    [
      'a missing output topic',
      (app: App) => {
        app.topic('in', { value }).subscribe(app.to('nowhere', { value }));
      },
      'MISSING_TOPIC',
      'nowhere',
    ],
  ])('%s', async (_what, topology, code, text) => {
    const { outcome, members, member } = await outcomeOf(topology);
    expect(outcome).toMatchObject({ code, message: expect.stringContaining(text) });
    expect(members.committed('in')).toEqual([-1]);
    expect(members.values('out')).toEqual([]);
    expect(member.metrics.value('kafka_rx_records_consumed_total')).toBe(0);
    expect(members.memberIds()).toEqual([]);
    expect(member.app.health()).toMatchObject({ state: 'failed', live: false, ready: false });
  });

  test('a broker out of reach', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.broker.faults.down();
    const member = members.start(wired, { connectTimeoutMs: 0 });
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'UNREACHABLE' });
  });

  test('a dead-letter topic that does not exist', async () => {
    const members = new Members({ in: 1, out: 1 });
    const member = members.start(wired, { deadLetters: { topic: 'dead' } });
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'MISSING_TOPIC', message: expect.stringContaining('dead') });
  });

  test('a store that cannot be opened', async () => {
    const members = new Members({ in: 1 });
    const { KafkaRxError, memoryStore } = await import('kafka-rx');
    const store = {
      ...memoryStore<string>('history'),
      open: () => Promise.reject(new KafkaRxError('STORE', 'the disk is gone')),
    };
    const member = members.start(app => app.topic('in', { value }).subscribe(app.store(store)));
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'STORE', message: 'the disk is gone' });
  });
});

describe('createApp', () => {
  const driver = memory({ broker: new MemoryBroker() });

  test('refuses an empty group and an illegal dead-letter topic', () => {
    expect(() => createApp({ groupId: '', driver })).toThrow(
      'createApp: groupId must be text of 1 to 32000 bytes, without control characters or white space around it, and is empty text. Correct it',
    );
    expect(() => createApp({ groupId: 'g', driver, deadLetters: { topic: 'a/b' } })).toThrow(
      /deadLetters\.topic must be a topic name/,
    );
  });

  test('refuses to write to a topic with an illegal name', () => {
    expect(() => createApp({ groupId: 'g', driver }).to('a b', { value })).toThrow('no legal topic name');
  });
});

describe('a running app', () => {
  test('takes no more wiring, whatever it is', async () => {
    const { member } = await outcomeOf(wired);
    const { memoryStore } = await import('kafka-rx');
    const { app } = member;
    for (const wire of [
      () => app.topic('in', { value }),
      () => app.to('out', { value }),
      () => app.each(() => {}),
      () => app.store(memoryStore('late')),
    ]) {
      expect(wire).toThrow(expect.objectContaining({ code: 'TOPOLOGY' }));
    }
    expect(member.outcome).toBe('running');
  });

  test('is not run again, and goes on', async () => {
    const { member, members } = await outcomeOf(wired);
    await expect(member.app.run()).rejects.toMatchObject({ code: 'CONFIGURATION' });
    members.publish('in', 'b');
    await members.settle();
    expect(members.values('out')).toEqual(['a', 'b']);
  });
});
