/** The bugs that prove the judge of exactly once, each put in at the driver's port. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DriverConsumer, DriverProducer } from 'kafka-rx';
import { partitionKey } from '../../../lib/base/partition-key.js';
import type { ConnectionPatch } from '../fail-points.js';
import { inputTopic, type UnitBugName } from '../messages.js';
import { lettersTopic } from './acceptance-topics.js';
import { changedUnit } from './changed-unit.js';

export function unitBug(bug: UnitBugName): ConnectionPatch {
  if (bug === 'offsets-outside') return offsetsOutside();
  if (bug === 'letters-outside') return lettersOutside();
  return withoutGate();
}

/** Offsets are committed by the group's own commit, before the unit is. */
function offsetsOutside(): ConnectionPatch {
  let consumer: DriverConsumer | undefined;
  return {
    assigned: current => {
      consumer = current;
    },
    unit: unit =>
      changedUnit(unit, {
        commit: async offsets => {
          await consumer?.commit(offsets);
          await unit.commit(offsets);
        },
      }),
  };
}

/** Dead letters are written by the app's own producer. */
function lettersOutside(): ConnectionPatch {
  let plain: DriverProducer | undefined;
  return {
    producer: producer => {
      plain = producer;
      return producer;
    },
    unit: unit =>
      changedUnit(unit, {
        output: (partition, listener) =>
          (partition.topic === lettersTopic ? (plain ?? unit) : unit).output(partition, listener),
      }),
  };
}

/** Longer than it takes a process that wakes up to ask for the end of its unit. */
const openedLateMs = 6_000;
const betweenLooksMs = 20;

/** What is committed is looked up first, whatever the former owner has open; his unit is taken over afterwards. */
function withoutGate(): ConnectionPatch {
  return {
    options(options, { admin }) {
      const { groupId, ready, resumeAt } = options;
      const looked = new Map<string, number>();
      return {
        ...options,
        async ready(at) {
          const look = async () => (await admin.committed(groupId, at.topic))[at.partition] ?? -1;
          const committed = await look();
          if (committed >= 0 && at.topic === inputTopic) {
            looked.set(partitionKey(at), committed);
            // Right behind what the former owner had open.
            const until = Date.now() + openedLateMs;
            while (Date.now() < until && (await look()) === committed) await delay(betweenLooksMs);
          }
          await ready?.(at);
        },
        async resumeAt(partitions) {
          const wanted = (await resumeAt?.(partitions)) ?? [];
          const begins = partitions.map((at, i) => looked.get(partitionKey(at)) ?? wanted[i]);
          for (const at of partitions) looked.delete(partitionKey(at));
          return begins;
        },
      };
    },
  };
}
