import type { ConsumerConfig, PartitionAssigner } from 'kafkajs';
import type { ConsumerOptions, TopicPartition } from '../../port.js';
import { innerRetry } from '../cluster/client.js';
import type { Settings } from '../options.js';

/** A kafkajs consumer as either path makes it. */
export function consumerConfig(
  settings: Settings,
  options: ConsumerOptions,
  assigner: PartitionAssigner,
): ConsumerConfig {
  return {
    groupId: options.groupId,
    partitionAssigners: [assigner],
    metadataMaxAge: settings.metadataMaxAgeMs,
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: options.rebalanceTimeoutMs,
    heartbeatInterval: heartbeatIntervalOf(settings, options),
    maxWaitTimeInMs: settings.maxWaitMs,
    maxBytes: settings.maxBytes,
    maxBytesPerPartition: settings.maxBytesPerPartition,
    allowAutoTopicCreation: false,
    readUncommitted: !options.readCommitted,
    // Whatever kafkajs cannot recover from within a few seconds ends the session; the next one is ours to open.
    retry: { ...innerRetry, retries: 8, restartOnFailure: async () => false },
  };
}

/**
 * kafkajs refuses an interval that is not below the session timeout; the broker expects about a third of it. A rebalance is
 * heard of with a heartbeat's answer, so that an interval near the rebalance timeout would leave no time to drain.
 */
export function heartbeatIntervalOf(settings: Settings, options: ConsumerOptions): number {
  return Math.max(
    1,
    Math.min(
      settings.heartbeatIntervalMs,
      Math.floor(options.sessionTimeoutMs / 3),
      Math.floor(options.rebalanceTimeoutMs / 4),
    ),
  );
}

/** An assignment as kafkajs tells it. */
export function partitionsOf(assignment: Readonly<Record<string, readonly number[]>>): TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, numbers]) =>
    numbers.map(partition => ({ topic, partition })),
  );
}
