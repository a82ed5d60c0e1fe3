import {
  type App,
  type ConsumerListener,
  type DocumentStore,
  type Driver,
  KafkaRxError,
  memoryStore,
  string,
} from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { but } from './but.js';
import { driverWith } from './driver-with.js';
import { held, Members } from './members.js';

const value = string;
const never = new Promise<never>(() => {});

/** What an app awaits while it starts and while it closes. */
interface Hanging {
  connect?: Promise<unknown>;
  topics?: Promise<unknown>;
  prepare?: Promise<unknown>;
  join?: Promise<unknown>;
  open?: Promise<unknown>;
  leave?: Promise<unknown>;
  closeProducer?: Promise<unknown>;
  closeConnection?: Promise<unknown>;
  closeStore?: Promise<unknown>;
}

/** A driver and a store whose steps wait for something else first. */
function hanging(members: Members, waits: Hanging) {
  const seen: string[] = [];
  let listener: ConsumerListener | undefined;
  const after =
    <A extends readonly unknown[], T>(what: keyof Hanging, call: (...given: A) => Promise<T> | T) =>
    async (...given: A): Promise<T> => {
      seen.push(what);
      await waits[what];
      return call(...given);
    };
  const inner = driverWith(members, connection => ({
    topics: after('topics', names => connection.topics(names)),
    consumer: (options, given) => {
      listener = given;
      const consumer = connection.consumer(options, given);
      return but(consumer, {
        start: after('join', () => consumer.start()),
        stop: after('leave', () => consumer.stop()),
      });
    },
    producer: options => {
      const producer = connection.producer(options);
      return but(producer, {
        prepare: after('prepare', topics => producer.prepare(topics)),
        close: after('closeProducer', () => producer.close()),
      });
    },
    close: after('closeConnection', () => connection.close()),
  }));
  const driver: Driver = { ...inner, connect: after('connect', context => inner.connect(context)) };
  const documents = memoryStore<string>('documents');
  const store: DocumentStore<string> = {
    ...documents,
    open: after('open', () => documents.open()),
    close: after('closeStore', () => documents.close()),
  };
  const topology = (app: App): void => {
    const records$ = app.topic('in', { value });
    records$.subscribe(app.to('out', { value }));
    records$.subscribe(app.store(store));
  };
  return { driver, topology, seen, listener: () => listener };
}

const starting = ['connect', 'open', 'topics', 'prepare', 'join'] as const;
const closing = ['leave', 'closeProducer', 'closeStore', 'closeConnection'] as const;

describe('a stop', () => {
  test.each(starting)('ends a start that hangs in %s, and nothing more of the start is begun', async step => {
    const members = new Members({ in: 1, out: 1 });
    const { driver, topology, seen } = hanging(members, { [step]: never });
    const member = members.start(topology, { driver });
    await members.pass(1000);
    expect([member.app.health().state, seen.at(-1)]).toEqual(['starting', step]);
    const before = [...seen];
    let stopped = false;
    void member.app.stop().then(() => {
      stopped = true;
    });
    await members.pass(1000);
    expect([stopped, member.outcome, member.app.health().state]).toEqual([true, 'done', 'stopped']);
    const later = seen.slice(before.length);
    expect(later.filter(what => (starting as readonly string[]).includes(what))).toEqual([]);
  });

  test.each(closing)('is not held up by a %s that hangs', async step => {
    const members = new Members({ in: 1, out: 1 });
    const { driver, topology, seen } = hanging(members, { [step]: never });
    const member = members.start(topology, { driver });
    await members.pass(1000);
    expect(member.app.health().state).toBe('running');
    void member.app.stop();
    await members.pass(11_000);
    expect(member.outcome).toBe('done');
    expect(seen.filter(what => (closing as readonly string[]).includes(what)).sort()).toEqual(
      [...closing].sort(),
    );
  });

  test.each([
    ['connect', 'closeConnection'],
    ['open', 'closeStore'],
  ] as const)('closes what a hanging %s opens after all', async (step, close) => {
    const members = new Members({ in: 1, out: 1 });
    const gate = held();
    const { driver, topology, seen } = hanging(members, { [step]: gate.promise });
    const member = members.start(topology, { driver });
    await members.pass(1000);
    void member.app.stop();
    await members.pass(1000);
    expect(member.outcome).toBe('done');
    seen.splice(0);
    gate.resolve();
    await members.settle();
    expect(seen).toContain(close);
  });

  test.each(starting)("a %s that fails after it is nobody else's trouble", async step => {
    const members = new Members({ in: 1, out: 1 });
    let fail: (error: Error) => void = () => {};
    const { driver, topology } = hanging(members, {
      [step]: new Promise((_resolve, reject) => {
        fail = reject;
      }),
    });
    const member = members.start(topology, { driver });
    await members.pass(1000);
    void member.app.stop();
    await members.pass(1000);
    fail(new Error('late'));
    await members.settle();
    expect([member.outcome, member.app.health().live]).toEqual(['done', true]);
  });

  test('while no broker answers ends the tries', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.broker.faults.down();
    let tries = 0;
    const inner = memory({ broker: members.broker });
    const driver: Driver = {
      name: 'counting',
      clock: members.clock,
      connect: context => {
        tries++;
        return inner.connect(context);
      },
    };
    const member = members.start(app => app.topic('in', { value }).subscribe(app.to('out', { value })), {
      driver,
    });
    await members.pass(3000);
    void member.app.stop();
    await members.settle();
    expect(member.outcome).toBe('done');
    const before = tries;
    await members.pass(60_000);
    expect(tries).toBe(before);
  });
});

test('a failure while the start hangs ends it, and is what run() rejects with', async () => {
  const members = new Members({ in: 1, out: 1 });
  const { driver, topology, listener } = hanging(members, { join: never });
  const member = members.start(topology, { driver });
  await members.pass(1000);
  listener()?.failed(new KafkaRxError('DRIVER', 'the consumer has given up'));
  await members.pass(1000);
  expect(member.outcome).toMatchObject({ code: 'DRIVER', message: 'the consumer has given up' });
});

test('a store whose open and close throw at once fails the app, and the rest is closed', async () => {
  const members = new Members({ in: 1, out: 1 });
  const { driver, topology, seen } = hanging(members, {});
  const broken = {
    ...memoryStore<string>('broken'),
    open: (): Promise<void> => {
      throw new Error('no disk');
    },
    close: (): Promise<void> => {
      throw new Error('never opened');
    },
  };
  const member = members.start(
    app => {
      topology(app);
      app.topic('in', { value }).subscribe(app.store(broken));
    },
    { driver },
  );
  await members.pass(1000);
  expect(member.outcome).toMatchObject({ code: 'STORE' });
  expect(seen).toContain('closeConnection');
  expect(seen).toContain('closeStore');
});

test('what the start waits for is a reason in health', async () => {
  const members = new Members({ in: 1, out: 1 });
  const { driver, topology } = hanging(members, { open: never });
  const member = members.start(topology, { driver });
  await members.pass(60_000);
  expect(member.app.health().reasons.join('\n')).toContain("the store 'documents'");
});
