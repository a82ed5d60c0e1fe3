import { Assignment, type PartitionState } from '../../../../lib/drivers/kafkajs/consumer/assignment.js';
import { PartitionFetcher } from '../../../../lib/drivers/kafkajs/consumer/partition-fetcher.js';
import type { Positions, Sought } from '../../../../lib/drivers/kafkajs/consumer/positions.js';
import { Standstills } from '../../../../lib/drivers/kafkajs/consumer/standstills.js';
import type { Broker } from '../../../../lib/drivers/kafkajs/internals/broker.js';
import type { Cluster } from '../../../../lib/drivers/kafkajs/internals/cluster.js';
import { type KafkajsOptions, settingsOf } from '../../../../lib/drivers/kafkajs/options.js';
import { ByteReader } from '../../../../lib/drivers/kafkajs/protocol/byte-reader.js';
import type { FetchedPartition } from '../../../../lib/drivers/kafkajs/protocol/fetch.js';
import type { ProtocolRequest } from '../../../../lib/drivers/kafkajs/protocol/protocol-request.js';
import { MembershipTerm } from '../../../../lib/drivers/membership-term.js';
import type { AssignedPartition, ConsumerOptions, DriverEvent } from '../../../../lib/drivers/port.js';
import { silentLogger } from '../../../../lib/logging/logger.js';
import { batchOf } from '../batch-of.js';
import { ManualClock } from '../manual-clock.js';

/** What each answer says of a partition; its records are from the position on. */
interface Answer {
  readonly records?: number;
  readonly stable: number;
  readonly end?: number;
}

/** A fetcher, and a broker that answers by what the test has put down for each partition. */
class World {
  readonly clock = new ManualClock();
  readonly assignment = new Assignment();
  readonly heard: string[] = [];
  readonly events: DriverEvent[] = [];
  /** The partitions of each request, in its order, and how long it would wait. */
  readonly requests: { readonly partitions: number[]; readonly maxWaitMs: number }[] = [];
  answers = new Map<number, Answer>();
  /** What the coordinator cannot say yet. */
  undecided: PartitionState[] = [];
  /** The partitions of which something was to be looked up. */
  readonly lookedUp: number[] = [];
  whileAsked: () => void = () => {};
  readonly fetcher: PartitionFetcher;
  readonly #broker: Broker;
  readonly #ids = '0'.repeat(31);

  constructor(partitions: number, { hearsEnds = true, readCommitted = true } = {}) {
    const { clock, assignment } = this;
    const term = new MembershipTerm(clock, 60_000);
    term.confirm(clock.elapsed());
    const settings = settingsOf({ brokers: ['b:1'] } as KafkajsOptions);
    const name = ({ partition, epoch }: AssignedPartition): string => `${partition}/${epoch}`;
    // What the fetcher uses of these, and nothing else.
    const positions = {
      presence: { hasSuspects: false, isGone: () => false },
      resolve: async (...[, , states]: Parameters<Positions['resolve']>) => {
        this.lookedUp.push(...states.map(({ partition }) => partition));
        return this.undecided.map((state): Sought => ({ ...state, topicId: 'id', state }));
      },
    } as unknown as Positions;
    this.fetcher = new PartitionFetcher({
      driver: { clientId: 'c', clock, logger: silentLogger, event: event => void this.events.push(event) },
      options: { readCommitted } as ConsumerOptions,
      settings,
      listener: {
        assigned: () => {},
        revoking: async () => {},
        lost: () => {},
        batch: batch => void this.heard.push(`${name(batch)} up to ${batch.nextOffset}`),
        confirmed: () => {},
        failed: () => {},
        ...(hearsEnds && {
          caughtUp: (at, position) => void this.heard.push(`${name(at)} ends at ${position}`),
        }),
      },
      assignment,
      term,
      positions,
      standstills: new Standstills({ clock, assignment, maxWaitMs: 500, readCommitted, isGone: () => false }),
      failed: error => {
        throw error;
      },
    });
    const send = async <T>({ request }: ProtocolRequest<T>) => {
      const asked = partitionsOf((await request.encode()).buffer);
      this.requests.push(asked);
      this.whileAsked();
      const of = await Promise.all(asked.partitions.map(partition => this.#answer(partition)));
      return { clientSideThrottleTime: 0, errorCode: 0, partitions: of };
    };
    this.#broker = { connectionPool: { send } } as unknown as Broker;
    this.fetcher.tap(this.#broker, {} as Cluster, () => true);
    assignment.replace(Array.from({ length: partitions }, (_, partition) => ({ topic: 't', partition })));
    for (const state of assignment.states()) this.begin(state);
  }

  state(partition: number): PartitionState {
    const state = this.assignment.get({ topic: 't', partition });
    if (state === undefined) throw new Error('not assigned');
    return state;
  }

  /** As where it begins was looked up. */
  begin(state: PartitionState, position = 0): void {
    state.position = position;
    state.topicId = `${this.#ids}${state.partition}`;
    state.leaderEpoch = -1;
  }

  /** One round of kafkajs's loop. */
  async fetch(): Promise<void> {
    const partitions = [...this.assignment.states()].map(({ partition }) => ({ partition }));
    const fetched = this.#broker.fetch({ topics: [{ topic: 't', partitions }], maxWaitTime: 500 });
    await this.clock.advance(0);
    await this.clock.advance(500);
    await fetched;
  }

  async #answer(partition: number): Promise<FetchedPartition> {
    const { records = 0, stable, end = stable } = this.answers.get(partition) ?? { stable: 0 };
    const none = { errorCode: 0, logStartOffset: 0, aborted: [], diverging: undefined };
    const at = { topic: 't', partition, lastStableOffset: stable, highWatermark: end };
    return { ...at, ...none, records: await batchOf(records, this.state(partition).position ?? 0) };
  }
}

/** As `fetchRequest` has written them. */
function partitionsOf(request: Buffer): World['requests'][number] {
  const reader = new ByteReader(request);
  reader.skip(5);
  const maxWaitMs = reader.int32();
  reader.skip(4 + 4 + 1 + 4 + 4);
  const partitions = reader.compactArray(() => {
    reader.skip(16);
    const [partition = -1] = reader.compactArray(() => {
      const number = reader.int32();
      reader.skip(4 + 8 + 4 + 8 + 4);
      reader.skipTags();
      return number;
    });
    reader.skipTags();
    return partition;
  });
  return { partitions, maxWaitMs };
}

const asked = ({ requests }: World) => requests.map(({ partitions }) => partitions);

describe('the end of what there is', () => {
  test('is told behind the batch that reaches it, and where nothing came; once, until more comes', async () => {
    const world = new World(2);
    world.answers = new Map([
      [0, { records: 3, stable: 3 }],
      [1, { stable: 0 }],
    ]);
    await world.fetch();
    expect(world.heard).toEqual(['0/1 up to 3', '0/1 ends at 3', '1/1 ends at 0']);
    world.answers.set(0, { stable: 3 });
    await world.fetch();
    expect(world.heard).toHaveLength(3);
  });

  test('is not told of a partition that a full answer left out: that one is asked for first, and then what comes says it', async () => {
    const world = new World(3);
    world.answers = new Map([
      [0, { records: 3, stable: 9 }],
      [1, { records: 3, stable: 9 }],
      [2, { stable: 9 }],
    ]);
    await world.fetch();
    expect(world.heard).toEqual(['0/1 up to 3', '1/1 up to 3']);
    // As where the tail was compacted away: nothing, though the log goes on.
    await world.fetch();
    expect(asked(world)).toEqual([
      [0, 1, 2],
      [2, 1, 0],
    ]);
    expect(world.heard.slice(2)).toEqual(['2/1 ends at 0', '1/1 up to 6', '0/1 up to 6']);
    await world.fetch();
    // Nothing is open any more: in turn again.
    expect(asked(world).at(-1)).toEqual([2, 0, 1]);
  });

  test('several that were left out have their answer up to the first that brings something', async () => {
    const world = new World(4);
    world.answers = new Map([0, 1, 2, 3].map(partition => [partition, { stable: 9 }]));
    world.answers.set(0, { records: 1, stable: 9 });
    await world.fetch();
    expect(world.heard).toEqual(['0/1 up to 1']);
    world.answers.set(0, { stable: 9 }).set(2, { records: 2, stable: 9 });
    await world.fetch();
    expect(asked(world).at(-1)).toEqual([1, 2, 3, 0]);
    expect(world.heard.slice(1)).toEqual(['1/1 ends at 0', '2/1 up to 2']);
    await world.fetch();
    expect(asked(world).at(-1)?.[0]).toBe(3);
  });

  test('is told of one that a full answer left out where that answer says that the log ends there', async () => {
    const world = new World(2);
    world.answers = new Map([
      [0, { records: 3, stable: 9 }],
      [1, { stable: 0, end: 7 }],
    ]);
    await world.fetch();
    expect(world.heard).toEqual(['0/1 up to 3', '1/1 ends at 0']);
  });

  test('is the high watermark for those who read everything', async () => {
    const world = new World(2, { readCommitted: false });
    world.answers = new Map([
      [0, { records: 3, stable: 0, end: 3 }],
      [1, { stable: 0, end: 7 }],
    ]);
    await world.fetch();
    expect(world.heard).toEqual(['0/1 up to 3', '0/1 ends at 3']);
  });

  test('is told by no answer to an earlier epoch, and waits for the first of this one', async () => {
    const world = new World(1);
    world.answers.set(0, { stable: 0 });
    world.whileAsked = () => {
      world.whileAsked = () => {};
      world.begin(world.assignment.rewind([{ topic: 't', partition: 0 }])[0] ?? world.state(0));
    };
    await world.fetch();
    expect(world.heard).toEqual([]);
    await world.fetch();
    expect(world.heard).toEqual(['0/2 ends at 0']);
    world.assignment.seek({ topic: 't', partition: 0 }, 0);
    world.begin(world.state(0));
    await world.fetch();
    expect(world.heard).toEqual(['0/2 ends at 0', '0/3 ends at 0']);
  });

  test('is told behind what was held back, not before', async () => {
    const world = new World(1);
    world.answers.set(0, { records: 3, stable: 3 });
    world.whileAsked = () => {
      world.state(0).paused = true;
    };
    await world.fetch();
    await world.fetch();
    expect([world.heard, world.requests.length]).toEqual([[], 1]);
    world.whileAsked = () => {};
    world.state(0).paused = false;
    world.fetcher.handOutParked({ topic: 't', partition: 0 });
    expect(world.heard).toEqual(['0/1 up to 3']);
    world.answers.set(0, { stable: 3 });
    await world.fetch();
    expect(world.heard).toEqual(['0/1 up to 3', '0/1 ends at 3']);
  });

  test('costs those nothing who do not want to hear of it: no partition is asked for out of its turn', async () => {
    const world = new World(3, { hearsEnds: false });
    world.answers = new Map([
      [0, { records: 3, stable: 9 }],
      [1, { records: 3, stable: 9 }],
      [2, { stable: 9 }],
    ]);
    await world.fetch();
    await world.fetch();
    expect(asked(world)).toEqual([
      [0, 1, 2],
      [1, 2, 0],
    ]);
    expect(world.heard).toEqual(['0/1 up to 3', '1/1 up to 3', '1/1 up to 6', '0/1 up to 6']);
  });
});

describe('what is not to be fetched yet', () => {
  test('a partition with a closed gate is left out, and the others do not wait long: it may open at any moment', async () => {
    const world = new World(2);
    world.state(0).gate = { asked: true };
    world.state(0).position = undefined;
    await world.fetch();
    expect(world.lookedUp).toEqual([]);
    world.state(0).gate = undefined;
    world.begin(world.state(0));
    await world.fetch();
    expect(world.requests).toEqual([
      { partitions: [1], maxWaitMs: 50 },
      { partitions: [1, 0], maxWaitMs: 500 },
    ]);
  });

  test('a partition whose gate closes while others are looked up is left out too', async () => {
    const world = new World(2);
    world.state(1).position = undefined;
    world.undecided = [world.state(1)];
    const state = world.state(0);
    Object.defineProperty(state, 'doubted', {
      get: () => {
        state.gate = { asked: false };
        return false;
      },
    });
    await world.fetch();
    expect(asked(world)).toEqual([]);
  });

  test('an offset that is not decided is asked for again after a while, which is told; the others are fetched meanwhile', async () => {
    const world = new World(2);
    world.state(0).position = undefined;
    world.undecided = [world.state(0)];
    await world.fetch();
    await world.fetch();
    expect(asked(world)).toEqual([[1], [1]]);
    expect(world.events).toMatchObject(
      [1, 2].map(attempt => ({
        ...{ type: 'retrying', what: 'committed offset of t-0', attempt },
        reason: 'UNSTABLE_OFFSET_COMMIT',
      })),
    );
    expect(world.state(0).notBefore).toBeGreaterThan(0);
  });
});
