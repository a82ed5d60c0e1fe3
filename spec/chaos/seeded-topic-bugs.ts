/** The bugs that prove the invariants of topics that come and go, each put in at the driver's port. */
import type { ConsumerListener, DriverConsumer, DriverProducer } from 'kafka-rx';
import { changingOutput, foundTopics } from './changing-topics.js';
import type { ConnectionPatch } from './fail-points.js';
import type { TopicBugName } from './messages.js';

export const topicBugs: Readonly<Record<TopicBugName, ConnectionPatch>> = {
  'begin-behind-the-first': { listener: withoutFirstBatch },
  'name-for-id': {
    topics: found => found.map(topic => ({ ...topic, id: topic.name })),
  },
  'offsets-of-the-old': { consumer: aheadOfItself },
  'old-comes-back': { producer: withEcho },
  'slow-revoke': { listener: revokingSlowly },
};

/** A partition of a found topic begins behind its first batch. */
function withoutFirstBatch(inner: ConsumerListener): ConsumerListener {
  const begun = new Set<string>();
  return {
    ...forwarded(inner),
    batch(batch) {
      const partition = `${batch.topic}-${batch.partition}`;
      const first = foundTopics.test(batch.topic) && !begun.has(partition);
      begun.add(partition);
      if (first) while (batch.next() !== undefined);
      inner.batch(batch);
    },
  };
}

const revokeMs = 12_000;

/** What is wrong with one topic holds up the partitions of all. */
function revokingSlowly(inner: ConsumerListener): ConsumerListener {
  return {
    ...forwarded(inner),
    async revoking(partitions, boundMs) {
      await inner.revoking(partitions, boundMs);
      await new Promise(resolve => setTimeout(resolve, revokeMs));
    },
  };
}

/** Offsets of a life before this one, which was longer. */
const before = 5_000;

/** A topic that was made anew goes on where the one before it was. */
function aheadOfItself(inner: DriverConsumer): DriverConsumer {
  return {
    get confirmedUntil() {
      return inner.confirmedUntil;
    },
    start: () => inner.start(),
    subscribe: topics => inner.subscribe(topics),
    pause: partitions => inner.pause(partitions),
    resume: partitions => inner.resume(partitions),
    seek: (partition, offset) => inner.seek(partition, offset),
    rewind: partitions => inner.rewind(partitions),
    stop: () => inner.stop(),
    commit: offsets =>
      inner.commit(
        offsets.map(commit =>
          foundTopics.test(commit.topic) ? { ...commit, offset: commit.offset + before } : commit,
        ),
      ),
  };
}

const echoMs = 25_000;

/** What was written is written again later, by when its topic may be gone. */
function withEcho(inner: DriverProducer): DriverProducer {
  const unheard = { acknowledged: () => {}, refused: () => {} };
  return {
    prepare: topics => inner.prepare(topics),
    partitionCount: topic => inner.partitionCount(topic),
    get bufferedBytes() {
      return inner.bufferedBytes;
    },
    flush: () => inner.flush(),
    close: () => inner.close(),
    output(partition, listener) {
      const output = inner.output(partition, listener);
      if (partition.topic !== changingOutput) return output;
      const echo = inner.output(partition, unheard);
      return {
        append(key, value, headers, timestamp) {
          output.append(key, value, headers, timestamp);
          setTimeout(() => echo.append(key, value, headers, timestamp), echoMs).unref();
        },
      };
    },
  };
}

function forwarded(inner: ConsumerListener): ConsumerListener {
  return {
    assigned: partitions => inner.assigned(partitions),
    revoking: (partitions, boundMs) => inner.revoking(partitions, boundMs),
    lost: partitions => inner.lost(partitions),
    confirmed: () => inner.confirmed(),
    failed: error => inner.failed(error),
    batch: batch => inner.batch(batch),
    ...(inner.caughtUp && { caughtUp: (at, position) => inner.caughtUp?.(at, position) }),
  };
}
