/**
 * The bugs that prove the checker. They exist in this test's processes only: what can be wrapped at the driver's port is
 * wrapped there, and the rest replaces a method of the one plain module that the bug is about.
 */
import type { DriverConsumer, DriverProducer, OffsetCommit } from 'kafka-rx';
import { Assignment, type PartitionState } from '../../lib/drivers/kafkajs/consumer/assignment.js';
import { Lineage } from '../../lib/drivers/lineage.js';
import { Watermark } from '../../lib/flow/commit/watermark.js';
import { Dispatcher } from '../../lib/flow/source/dispatcher.js';
import type { PartitionLane } from '../../lib/flow/source/partition-lane.js';
import { unitBug } from './exactly-once/unit-bugs.js';
import type { ConnectionPatch } from './fail-points.js';
import { type BugName, isUnitBug, type TopicBugName } from './messages.js';
import { topicBugs } from './seeded-topic-bugs.js';

/** Puts the bug in; `ignore-missing-partition` is part of {@link LeftOutPartitions}. */
export function seedBug(bug: BugName | undefined): ConnectionPatch {
  if (bug === 'commit-before-ack') return { producer: believesAtOnce };
  if (bug === 'commit-highest') commitHighest();
  if (bug === 'no-epoch-check') return withoutEpochs();
  if (bug !== undefined && isUnitBug(bug)) return unitBug(bug);
  return bug !== undefined && isTopicBug(bug) ? topicBugs[bug] : {};
}

function isTopicBug(bug: BugName): bug is TopicBugName {
  return bug in topicBugs;
}

/** Topic sinks settle when a record was appended, before the broker has it. */
function believesAtOnce(inner: DriverProducer): DriverProducer {
  return {
    prepare: topics => inner.prepare(topics),
    partitionCount: topic => inner.partitionCount(topic),
    get bufferedBytes() {
      return inner.bufferedBytes;
    },
    flush: () => inner.flush(),
    close: () => inner.close(),
    output(partition, listener) {
      const output = inner.output(partition, { acknowledged: () => {}, refused: () => {} });
      return {
        append(key, value, headers, timestamp) {
          output.append(key, value, headers, timestamp);
          setImmediate(() => listener.acknowledged(1, -1));
        },
      };
    },
  };
}

/** The watermark follows the newest settled delivery, whatever is open below it. */
function commitHighest(): void {
  const progress = new WeakMap<Watermark, { offset: number; settled: number }>();
  const of = (watermark: Watermark) => {
    const known = progress.get(watermark) ?? { offset: -1, settled: 0 };
    progress.set(watermark, known);
    return known;
  };
  Object.defineProperties(Watermark.prototype, {
    settle: {
      value(this: Watermark, _sequence: number, nextOffset: number): boolean {
        const state = of(this);
        state.settled++;
        if (nextOffset <= state.offset) return false;
        state.offset = nextOffset;
        return true;
      },
    },
    offset: {
      get(this: Watermark) {
        return of(this).offset;
      },
    },
    settled: {
      get(this: Watermark) {
        return of(this).settled;
      },
    },
    below: {
      get(this: Watermark) {
        return of(this).settled;
      },
    },
  });
}

const triesOfStaleCommit = 50;
const betweenTriesMs = 200;

/**
 * What settles after its epoch has ended is committed all the same, under whatever generation the member has by then,
 * and tried again as any commit is: the fate of a library that knows offsets and no epochs.
 */
function withoutEpochs(): ConnectionPatch {
  const watermarks = new WeakMap<PartitionLane, Watermark>();
  let consumer: DriverConsumer | undefined;

  const { get } = Assignment.prototype;
  Assignment.prototype.get = function (partition) {
    const state = get.call(this, partition);
    // The committer asks with the commit itself; only it has an offset.
    if (!('offset' in partition) || !('epoch' in partition)) return state;
    const { topic, partition: number, epoch } = partition as OffsetCommit;
    const ofTopic = { topicId: undefined, madeAnew: false, lineage: new Lineage(), leaderEpoch: undefined };
    const none: Omit<PartitionState, 'topic' | 'partition' | 'epoch'> = {
      gate: undefined,
      position: undefined,
      paused: false,
      parked: undefined,
      begun: true,
      halted: false,
      doubted: false,
      caughtUp: 'unknown',
      failures: 0,
      notBefore: 0,
      ...ofTopic,
    };
    return { ...(state ?? none), topic, partition: number, epoch };
  };

  const { settled } = Dispatcher.prototype;
  Dispatcher.prototype.settled = function (lane, delivery) {
    const watermark = watermarks.get(lane) ?? new Watermark();
    watermarks.set(lane, watermark);
    const moved = watermark.settle(delivery.sequence, delivery.offset + 1);
    if (lane.ended && moved) void commitStale(consumer, lane, watermark.offset, triesOfStaleCommit);
    settled.call(this, lane, delivery);
  };
  return {
    assigned: current => {
      consumer = current;
    },
  };
}

async function commitStale(
  consumer: DriverConsumer | undefined,
  { topic, partition, epoch }: PartitionLane,
  offset: number,
  tries: number,
): Promise<void> {
  try {
    await consumer?.commit([{ topic, partition, epoch, offset }]);
  } catch {
    if (tries > 0) {
      setTimeout(
        () => void commitStale(consumer, { topic, partition, epoch } as PartitionLane, offset, tries - 1),
        betweenTriesMs,
      );
    }
  }
}
