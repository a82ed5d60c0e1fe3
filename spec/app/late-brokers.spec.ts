/** A broker that comes up late, or restarts while an app starts: what may pass is tried again until connectTimeoutMs is over. */
import { type Driver, KafkaRxError, memoryStore, string } from 'kafka-rx';
import { but } from './but.js';
import { driverWith } from './driver-with.js';
import { Members } from './members.js';

const value = string;
const steps = ['connect', 'open', 'topics', 'prepare', 'join'] as const;
type Step = (typeof steps)[number];

const passing = new KafkaRxError('UNREACHABLE', 'No broker answers', { retriable: true });
const final = new KafkaRxError('DRIVER', 'The broker refuses you');

/** The step fails so often; a join is the driver's from then on. */
function failing(members: Members, step: Step, times: number, error: unknown) {
  const tried: Step[] = [];
  const failed = (at: Step): void => {
    tried.push(at);
    if (at === step && tried.filter(one => one === at).length <= times) throw error;
  };
  const inner = driverWith(members, connection => ({
    topics: async names => {
      failed('topics');
      return connection.topics(names);
    },
    consumer: (options, listener) => {
      const consumer = connection.consumer(options, listener);
      return but(consumer, {
        start: async () => {
          failed('join');
          return consumer.start();
        },
      });
    },
    producer: options => {
      const producer = connection.producer(options);
      return but(producer, {
        prepare: async topics => {
          failed('prepare');
          return producer.prepare(topics);
        },
      });
    },
  }));
  const driver: Driver = {
    ...inner,
    connect: async context => {
      failed('connect');
      return inner.connect(context);
    },
  };
  const documents = memoryStore<string>('documents');
  const store = {
    ...documents,
    async open() {
      failed('open');
      return documents.open();
    },
  };
  const start = (connectTimeoutMs: number) =>
    members.start(
      app => {
        const records$ = app.topic('in', { value });
        records$.subscribe(app.to('out', { value }));
        records$.subscribe(app.store(store));
      },
      { driver, connectTimeoutMs },
    );
  return { tried, start };
}

describe.each(steps)('%s', step => {
  test('is tried again while it may pass, and the app runs', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    const { tried, start } = failing(members, step, 3, passing);
    const member = start(10_000);
    await members.pass(8000);
    // Topics may be looked up for a store's positions too.
    expect(tried.filter(one => one === step).length).toBeGreaterThanOrEqual(4);
    expect(member.app.health().state).toBe('running');
    expect(members.values('out')).toEqual(['a']);
    const events = member.events.filter(event => event.type === 'driver' && event.event.type === 'retrying');
    expect(events).toHaveLength(3);
  });

  test('is given up with its error when connectTimeoutMs is over', async () => {
    const members = new Members({ in: 1, out: 1 });
    const { start } = failing(members, step, Infinity, passing);
    const member = start(5000);
    await members.pass(3000);
    expect(member.outcome).toBe('running');
    await members.pass(3000);
    expect(member.outcome).toMatchObject({ code: 'UNREACHABLE' });
  });

  test('is tried once where it fails for good, or with connectTimeoutMs 0', async () => {
    for (const [error, timeoutMs] of [
      [final, 10_000],
      [passing, 0],
    ] as const) {
      const members = new Members({ in: 1, out: 1 });
      const { tried, start } = failing(members, step, Infinity, error);
      const member = start(timeoutMs);
      await members.settle();
      expect(member.outcome).toMatchObject({ code: error.code });
      expect(tried.filter(one => one === step)).toHaveLength(1);
    }
  });

  test('is not tried again once the app is to stop', async () => {
    const members = new Members({ in: 1, out: 1 });
    const { tried, start } = failing(members, step, Infinity, passing);
    const member = start(60_000);
    await members.pass(600);
    const before = tried.length;
    void member.app.stop();
    await members.pass(10_000);
    expect(tried).toHaveLength(before);
    expect(member.app.health().state).toBe('stopped');
  });
});
