import type {
  FetchedPartition,
  FetchPosition,
  FetchResponse,
} from '../../../../lib/drivers/kafkajs/protocol/fetch.js';
import { LongPoll } from '../../../../lib/drivers/kafkajs/reader/long-poll.js';
import { ManualClock } from '../manual-clock.js';

/** A poll, and a broker that answers when the test says so. */
class World {
  readonly clock = new ManualClock();
  /** The partitions of each request. */
  readonly requests: number[][] = [];
  readonly heard: string[] = [];
  readonly poll: LongPoll;
  #answer: ((records: readonly number[] | Error) => void) | undefined;

  constructor() {
    this.poll = new LongPoll({ clock: this.clock, maxWaitMs: 500, send: positions => this.#send(positions) });
  }

  ask(name: string, partition: number): void {
    const none = { leaderEpoch: undefined, lastFetchedEpoch: undefined };
    this.poll.ask({ topic: 't', topicId: 'id', partition, offset: 0, ...none }).then(
      ({ records }) => void this.heard.push(`${name}: ${records.length}`),
      (error: Error) => void this.heard.push(`${name}: ${error.message}`),
    );
  }

  /** @param records partitions of which something came, or why there is no answer */
  async answer(records: readonly number[] | Error): Promise<void> {
    this.#answer?.(records);
    await this.clock.settle();
  }

  #send(positions: readonly FetchPosition[]): Promise<FetchResponse> {
    this.requests.push(positions.map(({ partition }) => partition));
    return new Promise((resolve, reject) => {
      this.#answer = records => {
        if (records instanceof Error) {
          reject(records);
          return;
        }
        const partitions = positions.map(({ topic, partition }): FetchedPartition => {
          const offsets = { highWatermark: 9, lastStableOffset: 9, logStartOffset: 0 };
          const bytes = Buffer.alloc(records.includes(partition) ? 1 : 0);
          return {
            topic,
            partition,
            errorCode: 0,
            ...offsets,
            aborted: [],
            records: bytes,
            diverging: undefined,
          };
        });
        resolve({ clientSideThrottleTime: 0, errorCode: 0, partitions });
      };
    });
  }
}

test('all that wait are one request; who comes meanwhile is in the next', async () => {
  const world = new World();
  world.ask('a', 0);
  world.ask('b', 1);
  await world.clock.settle();
  world.ask('c', 2);
  await world.clock.settle();
  expect(world.requests).toEqual([[0, 1]]);
  await world.answer([1]);
  expect(world.heard).toEqual(['a: 0', 'b: 1']);
  expect(world.requests).toEqual([[0, 1], [2]]);
});

test('of several that wait for one partition each has an answer of its own', async () => {
  const world = new World();
  for (const name of ['a', 'b']) world.ask(name, 0);
  await world.clock.settle();
  await world.answer([0]);
  await world.answer([]);
  expect(world.requests).toEqual([[0], [0]]);
  expect(world.heard).toEqual(['a: 1', 'b: 0']);
});

test('where nothing comes at once, as where a tail was compacted away, it does not ask in a circle', async () => {
  const world = new World();
  world.ask('a', 0);
  await world.clock.settle();
  await world.answer([]);
  world.ask('a again', 0);
  await world.clock.advance(490);
  expect(world.requests).toHaveLength(1);
  await world.clock.advance(10);
  expect(world.requests).toHaveLength(2);
  // What brought something is followed at once.
  await world.answer([0]);
  world.ask('more', 0);
  await world.clock.settle();
  expect(world.requests).toHaveLength(3);
});

test('a request that fails is told to all that are in it, and to nobody else', async () => {
  const world = new World();
  world.ask('a', 0);
  world.ask('b', 1);
  await world.clock.settle();
  world.ask('c', 2);
  await world.answer(new Error('cut'));
  expect(world.heard).toEqual(['a: cut', 'b: cut']);
  await world.answer([2]);
  expect(world.heard.slice(2)).toEqual(['c: 1']);
});
