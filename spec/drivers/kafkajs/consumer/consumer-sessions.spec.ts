import {
  type ClientSession,
  ConsumerSessions,
  type SessionEvents,
} from '../../../../lib/drivers/kafkajs/consumer/consumer-sessions.js';
import type { ClusterQueries } from '../../../../lib/drivers/kafkajs/kafkajs-path.js';
import type { DriverEvent } from '../../../../lib/drivers/port.js';
import type { KafkaRxError } from '../../../../lib/errors/errors.js';
import { silentLogger } from '../../../../lib/logging/logger.js';
import { ManualClock } from '../manual-clock.js';

class FakeSession implements ClientSession {
  readonly topics: readonly string[];
  readonly events: SessionEvents;
  isOpen = true;

  constructor(topics: readonly string[], events: SessionEvents) {
    this.topics = topics;
    this.events = events;
  }

  async run(): Promise<void> {}

  async close(): Promise<void> {
    this.isOpen = false;
  }

  /** As both paths do: closed first. */
  crash(): void {
    this.isOpen = false;
    this.events.ended(new Error('crash'));
  }
}

function setUp(topics = async (names: readonly string[]) => names) {
  const clock = new ManualClock();
  const made: FakeSession[] = [];
  const failures: KafkaRxError[] = [];
  const refusal: { of?: Error } = {};
  const told: DriverEvent[] = [];
  const sessions: ConsumerSessions<FakeSession> = new ConsumerSessions(
    {
      driver: { clientId: 'c', clock, logger: silentLogger, event: event => told.push(event) },
      // Nothing else of them is used here.
      listener: { failed: (error: KafkaRxError) => failures.push(error) } as never,
      queries: {
        topics: async (names: readonly string[] = []) => (await topics(names)).map(name => ({ name })),
      } as unknown as ClusterQueries,
      make: (topics, events) => {
        if (refusal.of !== undefined) throw refusal.of;
        const session = new FakeSession(topics, events);
        made.push(session);
        return session;
      },
      joined: () => {},
      ended: () => {},
      replace: (before, open) => {
        const joined = open();
        void before?.close();
        return joined;
      },
      stop: async () => {},
    },
    ['a'],
  );
  const open = (): string[] => made.filter(({ isOpen }) => isOpen).map(session => session.topics.join());
  return { clock, made, sessions, open, failures, refusal, told };
}

describe('of the sessions that a consumer goes through one is open at most', () => {
  test('where the subscription changes while a crashed one waits to be opened again', async () => {
    const { clock, made, sessions, open } = setUp();
    void sessions.start();
    await clock.settle();
    made[0]?.crash();
    void sessions.subscribe(['a', 'b']);
    await clock.settle();
    expect(open()).toEqual(['a,b']);
    await clock.advance(10_000);
    expect(open()).toEqual(['a,b']);
    expect(made).toHaveLength(2);
  });

  test('where the subscription changes before the topics of the first were looked up', async () => {
    const found: { now: () => void } = { now: () => {} };
    const { clock, sessions, open } = setUp(names =>
      names.length > 1
        ? Promise.resolve(names)
        : new Promise(resolve => {
            found.now = () => resolve(names);
          }),
    );
    void sessions.start();
    await clock.settle();
    void sessions.subscribe(['a', 'b']);
    await clock.settle();
    found.now();
    await clock.settle();
    expect(open()).toEqual(['a,b']);
  });
});

test('a session that joins behind one that failed says that the tries are over, once', async () => {
  const { clock, made, sessions, told } = setUp();
  void sessions.start();
  await clock.settle();
  made[0]?.crash();
  await clock.advance(10_000);
  made[1]?.events.joined([]);
  made[1]?.events.joined([]);
  const what = 'consumer session';
  expect(told.filter(event => 'what' in event)).toMatchObject([
    { type: 'retrying', what },
    { type: 'retried', what },
  ]);
});

describe('a client that refuses to be made', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  beforeEach(() => {
    unhandled.splice(0);
    process.on('unhandledRejection', note);
  });
  afterEach(() => void process.off('unhandledRejection', note));
  const turn = () => new Promise(resolve => setTimeout(resolve, 5));

  test('rejects the start, and leaves nothing behind that rejects when the consumer is stopped', async () => {
    const { clock, sessions, failures, refusal } = setUp();
    refusal.of = new Error('heartbeatInterval must be lower than sessionTimeout');
    const started = sessions.start().catch((error: unknown) => error);
    await clock.settle();
    expect(await started).toMatchObject({ code: 'DRIVER', retriable: false });
    sessions.stop();
    sessions.rejectWaiting();
    await turn();
    expect([failures, unhandled]).toEqual([[], []]);
  });

  test('fails the consumer where it was to be opened again', async () => {
    const { clock, made, sessions, failures, refusal } = setUp();
    void sessions.start().catch(() => {});
    await clock.settle();
    made[0]?.events.joined([]);
    await clock.settle();
    refusal.of = new Error('no');
    made[0]?.crash();
    await clock.advance(10_000);
    await turn();
    expect([failures.map(({ code }) => code), unhandled]).toEqual([['DRIVER'], []]);
  });
});
