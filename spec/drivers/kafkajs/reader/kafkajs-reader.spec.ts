import type { FetchedPartition } from '../../../../lib/drivers/kafkajs/protocol/fetch.js';
import { protocolError } from '../../../../lib/drivers/kafkajs/protocol/protocol-error.js';
import { KafkajsReader } from '../../../../lib/drivers/kafkajs/reader/kafkajs-reader.js';
import type { ReaderCluster, ReadPosition } from '../../../../lib/drivers/kafkajs/reader/reader-cluster.js';
import type { DriverEvent, ReadBatch } from '../../../../lib/drivers/port.js';
import { silentLogger } from '../../../../lib/logging/logger.js';
import { batchOf } from '../batch-of.js';
import { ManualClock } from '../manual-clock.js';

const [notLeader, outOfRange, readDenied] = [6, 1, 29];
const id = '0'.repeat(32);

/** A reader, and brokers that answer as the test has put down. */
class World {
  readonly clock = new ManualClock();
  readonly events: DriverEvent[] = [];
  /** What was asked for, in order: how, which leader, from where. */
  readonly asked: string[] = [];
  /** How many records there are, and where their log ends. */
  records = 0;
  end = 0;
  errorCode = 0;
  failure: Error | undefined;
  topic: { id: string; leaders: readonly number[] } | undefined = { id, leaders: [1] };
  readonly reader: KafkajsReader;
  #held: (() => void)[] = [];
  holds = false;

  constructor({ from = 0, topicId }: { readonly from?: number; readonly topicId?: string } = {}) {
    const cluster = {
      describe: async () => {
        this.asked.push('describe');
        return this.topic && { ...this.topic, errorCode: 0, partitions: 1, leaderEpochs: [3] };
      },
      fetch: (position: ReadPosition) => this.#answer('fetch', position),
      await: (position: ReadPosition) => this.#answer('await', position),
      bounds: async () => ({ start: 0, end: this.end }),
      refresh: async () => {},
    };
    const driver = {
      ...{ clientId: 'c', clock: this.clock, logger: silentLogger },
      event: (event: DriverEvent) => void this.events.push(event),
    };
    this.reader = new KafkajsReader(
      // What a reader asks of it.
      { driver, cluster: cluster as unknown as ReaderCluster, maxDecompressedBytes: 1_000 },
      { topic: 't', partition: 0, from, topicId, maxBytes: 100, readCommitted: true },
    );
  }

  /** The next answer, and the offset behind it; or the error's code. */
  async next(passMs = 0): Promise<string> {
    const told = this.reader.next().then(
      (batch: ReadBatch | undefined) => (batch === undefined ? 'nothing' : `up to ${batch.nextOffset}`),
      (error: { readonly code: string; readonly retriable: boolean }) =>
        error.retriable ? `${error.code}, for now` : error.code,
    );
    await this.clock.advance(passMs);
    return told;
  }

  letGo(): Promise<void> {
    for (const go of this.#held.splice(0)) go();
    return this.clock.settle();
  }

  async #answer(how: string, { leader, offset }: ReadPosition): Promise<FetchedPartition> {
    this.asked.push(`${how} ${leader} ${offset}`);
    if (this.holds) await new Promise<void>(resolve => this.#held.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    const { errorCode, end } = this;
    const records = await batchOf(
      errorCode === 0 ? Math.min(2, Math.max(0, this.records - offset)) : 0,
      offset,
    );
    const offsets = { highWatermark: end, lastStableOffset: end, logStartOffset: 0 };
    return { topic: 't', partition: 0, errorCode, ...offsets, aborted: [], records, diverging: undefined };
  }
}

test('while one answer is worked on, one is asked for, and no other', async () => {
  const world = new World();
  world.records = world.end = 6;
  expect(await world.next()).toBe('up to 2');
  await world.clock.advance(60_000);
  expect(world.asked).toEqual(['describe', 'fetch 1 0', 'fetch 1 2']);
  expect([await world.next(), await world.next(), await world.next()]).toEqual([
    'up to 4',
    'up to 6',
    'nothing',
  ]);
  expect(world.asked.slice(3)).toEqual(['fetch 1 4', 'fetch 1 6']);
});

test('behind the end it waits at the broker; where the answer leaves it open, it asks for it alone', async () => {
  const world = new World();
  world.end = 5;
  expect(await world.next()).toBe('nothing');
  expect(await world.next()).toBe('nothing');
  expect(world.asked).toEqual(['describe', 'fetch 1 0', 'await 1 0', 'fetch 1 0']);
  world.end = 0;
  expect(await world.next()).toBe('nothing');
  expect(world.asked.slice(4)).toEqual(['await 1 0']);
});

test('a leader that moves is followed, which is told', async () => {
  const world = new World();
  world.records = world.end = 2;
  world.errorCode = notLeader;
  const coming = world.next();
  await world.clock.advance(50);
  world.errorCode = 0;
  world.topic = { id, leaders: [2] };
  await world.clock.advance(1_000);
  expect(await coming).toBe('up to 2');
  const what = 'reading of t-0';
  expect(world.events).toMatchObject([
    { type: 'retrying', what, attempt: 1, reason: 'NOT_LEADER_FOR_PARTITION' },
    { type: 'retried', what },
  ]);
  expect(world.asked).toContain('fetch 2 0');
});

test('an outage is told to whoever waits after a while, and the next call asks again from the same place', async () => {
  const world = new World();
  world.records = world.end = 4;
  expect(await world.next()).toBe('up to 2');
  world.failure = protocolError('down', 'BROKER_NOT_AVAILABLE');
  // What was asked for beforehand came before.
  expect(await world.next()).toBe('up to 4');
  expect(await world.next(40_000)).toBe('UNREACHABLE, for now');
  expect(world.events.map(({ type }) => type)).not.toContain('retried');
  world.failure = undefined;
  world.records = world.end = 5;
  expect(await world.next()).toBe('up to 5');
  expect(world.events.at(-1)).toEqual({ type: 'retried', what: 'reading of t-0' });
});

test('what could not be had before anybody wanted it is asked for anew', async () => {
  const world = new World();
  world.records = world.end = 4;
  world.holds = true;
  const first = world.next();
  await world.clock.settle();
  await world.letGo();
  expect(await first).toBe('up to 2');
  world.failure = protocolError('down', 'BROKER_NOT_AVAILABLE');
  world.holds = false;
  await world.letGo();
  await world.clock.advance(60_000);
  world.failure = undefined;
  expect(await world.next()).toBe('up to 4');
});

test('that a topic does not exist, or is another, is believed after a second', async () => {
  const world = new World({ topicId: id });
  world.topic = undefined;
  const late = world.next();
  await world.clock.advance(500);
  world.topic = { id, leaders: [1] };
  await world.clock.advance(1_000);
  expect(await late).toBe('nothing');
  world.errorCode = notLeader;
  world.topic = undefined;
  expect(await world.next(3_000)).toBe('MISSING_TOPIC');
  world.topic = { id: '1'.repeat(32), leaders: [1] };
  expect(await world.next()).toBe('OFFSET_GONE');
});

test('an offset that the broker does not have is gone; one that it has, by its bounds, is tried again', async () => {
  const world = new World({ from: 3 });
  world.errorCode = outOfRange;
  world.end = 2;
  expect(await world.next()).toBe('OFFSET_GONE');
  world.end = 4;
  const coming = world.next();
  await world.clock.advance(50);
  world.errorCode = 0;
  await world.clock.advance(1_000);
  expect(await coming).toBe('nothing');
});

test('what no trying mends is told at once', async () => {
  const world = new World();
  world.errorCode = readDenied;
  expect(await world.next()).toBe('DRIVER');
  expect(world.events).toEqual([]);
});

test('closed while it waits for a broker or between two tries, its call ends at once', async () => {
  for (const fails of [true, false]) {
    const world = new World();
    world.holds = !fails;
    if (fails) world.failure = protocolError('down', 'BROKER_NOT_AVAILABLE');
    const call = world.next();
    await world.clock.advance(10);
    await world.reader.close();
    expect(await call).toBe('CLOSED');
    const asked = world.asked.length;
    await world.clock.advance(60_000);
    expect(world.asked).toHaveLength(asked);
  }
});
