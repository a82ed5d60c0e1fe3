import { constants } from 'node:os';
import { startFromKind } from '../base/check-start-from.js';
import { type Clock, longestMs } from '../base/clock.js';
import { longestDeliveryMs } from '../base/longest-delivery-ms.js';
import { identityKind } from '../base/name-kinds.js';
import {
  call,
  clock,
  having,
  kind,
  list,
  milliseconds,
  oneOf,
  required,
  shape,
  whole,
} from '../base/option-kinds.js';
import { checkOptions, type Fields, type Kind } from '../base/option-schema.js';
import { topicNameKind } from '../base/topic-name.js';
import type { ConsumerOptions, Driver, ProducerOptions, StartFrom, UnitOptions } from '../drivers/port.js';
import { type DeadLetterOptions, deadLetterOptions } from '../errors/dead-letters/options.js';
import { type Policies, policiesKind, verdictOf } from '../errors/policies/policy.js';
import { checkCommits, committerOptions } from '../flow/commit/committer-options.js';
import type { OnStoreLost } from '../flow/commit/new-stores.js';
import { type GuardOptions, guardOptions } from '../flow/sinks/guard.js';
import type { ReplayTrust } from '../flow/source/admission.js';
import { type Bounds, boundKinds } from '../flow/source/bounds.js';
import type { UnitBounds } from '../flow/tasks/unit-pace.js';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../logging/metrics/metrics.js';
import { defaults } from './defaults.js';
import { withoutDeadLetters } from './topology/graph.js';
import { checkUnitTimeouts, longestTransactionMs, transactionTimeoutOf } from './unit-timeouts.js';

/** What `createApp` takes. Every default stands in `lib/app/defaults.ts`. @category App @since 0.1.0 */
export interface AppOptions {
  /** The consumer group: members of one group share the partitions. Also the app's name in dead letters. Up to 32,000 bytes. */
  readonly groupId: string;
  /** The Kafka client, such as `kafkajs({ brokers })` or `memory()`. */
  readonly driver: Driver;
  /** The name that brokers log, up to 32,000 bytes. Default: the group id. */
  readonly clientId?: string | undefined;
  /** Default: the driver's clock, or the machine's. */
  readonly clock?: Clock | undefined;
  /** Signals that drain and stop the app; another one a second later or more ends the process at once. Default: none. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** Where a group begins that has committed nothing. What is younger than its group begins at its first record. Default `'earliest'`. */
  readonly startFrom?: StartFrom | undefined;
  /** What becomes of records that fail, by stage. Default: `'fail'` for every stage. */
  readonly policies?: Policies | undefined;
  /** Where and how dead letters are written; needed as soon as any policy says `'dead-letter'`. */
  readonly deadLetters?: DeadLetterOptions | undefined;
  /** Whether replayed records that name a branch go to that alone. Default `'directed'`. */
  readonly replays?: ReplayTrust | undefined;
  /**
   * What the producer behind `app.to` and the dead letters keeps to. `maxRecordBytes`: bytes of key, value and headers of one
   * record, at least 1; a larger one is a `produce` problem, and the topic's `max.message.bytes` has to allow it too (default
   * 1,000,000). `deliveryTimeoutMs`: milliseconds after which a record that no broker acknowledged is one, from 1 to
   * 2,147,483,647 (default 120,000; under exactly once two thirds of `transactionTimeoutMs` at most).
   */
  readonly producer?: Partial<ProducerOptions> | undefined;
  /**
   * What becomes of a store that was lost while its group has commits: filled again from what the topics still hold, which
   * repeats outputs too, but not under exactly once; left empty; or the app fails with `STORE_LOST`. Default: `'refill'` where it is sure that it was
   * lost, `'keep'` where it may be on a machine that is away. Each is told by an event, the log and `health()`.
   */
  readonly onStoreLost?: OnStoreLost | undefined;
  /** What sinks refuse to write. */
  readonly guard?: GuardOptions | undefined;
  /** Limits of what is under way. */
  readonly bounds?: Partial<Bounds> | undefined;
  /**
   * What a crash may do to outputs. `'at-least-once'`: repeat them. `'exactly-once'`: nothing, for readers of committed records: outputs, dead
   * letters and offsets of a partition become durable together, at each commit; documents of stores and what functions do outside of
   * Kafka may still be repeated. Default `'at-least-once'`.
   */
  readonly guarantee?: 'at-least-once' | 'exactly-once' | undefined;
  /**
   * Under exactly once, milliseconds after which the brokers abort what a process has left open, from 1,000 to 900,000; what settles later
   * than that is not committed: of what has not settled at four fifths of it fewer records come again, and the app fails with `STALLED` where
   * it was one alone. Default 60,000.
   */
  readonly transactionTimeoutMs?: number | undefined;
  /** Commit after `intervalMs` (default 1,000 ms; 100 under exactly once) or `every` so many commit points (default 10,000). */
  readonly commit?:
    | { readonly intervalMs?: number | undefined; readonly every?: number | undefined }
    | undefined;
  /**
   * Groups of topics of which a member gets the same partition numbers, as joins need: partitions of one number are one task, which takes
   * the record with the lowest timestamp of them, of equal ones that of the first topic by name. `run()` rejects with `CONFIGURATION`
   * where the topics of a group have different numbers of partitions, and for a name that no source can mean. Default: none.
   */
  readonly coPartitioned?: readonly (readonly string[])[] | undefined;
  /**
   * How long such a task waits for a partition of which nothing is here, with records of others in hand, whole milliseconds. While the brokers
   * are known to hold more of it, or have not answered, it always waits, unless this is -1: then for none. 0: beyond that not at all; more: so long
   * after it was at its end. Default 0.
   */
  readonly maxTaskIdleMs?: number | undefined;
  /**
   * Milliseconds without a heartbeat after which the broker gives the partitions away, at least 100, and within the broker's
   * `group.min.session.timeout.ms` and `group.max.session.timeout.ms` (6,000 and 1,800,000 by default). Default 30,000.
   */
  readonly sessionTimeoutMs?: number | undefined;
  /** Milliseconds that a drain on rebalance may take, at least 100. Default 60,000. */
  readonly rebalanceTimeoutMs?: number | undefined;
  /**
   * Milliseconds that one record may hold its partition's watermark before the app fails. Default 300,000; under exactly once
   * four fifths of `transactionTimeoutMs`, and no more than that: where its unit of work holds others, fewer come again before.
   */
  readonly stallTimeoutMs?: number | undefined;
  /**
   * Milliseconds that a partition may stand still behind an open transaction, another producer's or the app's own, or since no broker
   * answers for it, before `health()` gives that as a reason. Above what transactions in the input take. Default 30,000.
   */
  readonly standstillMs?: number | undefined;
  /** Milliseconds of tries to start: to reach a broker, look up topics, open stores, join; 0: one try of each. Default 30,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds that `stop()` and a signal give the drain. Default 30,000. */
  readonly stopDeadlineMs?: number | undefined;
  /** Milliseconds between looks for new topics that match a RegExp. Default 30,000. */
  readonly discoveryMs?: number | undefined;
  /** Milliseconds without a record after which gathered records move on. Default 1,000. */
  readonly idleMs?: number | undefined;
  /** Numbers from 0 inclusive to 1 exclusive: which partition records without a key go to. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: nothing is measured. */
  readonly metrics?: Metrics | undefined;
}

/** Of one commit; `commitTo` takes more. */
const commitOptions: Fields<NonNullable<AppOptions['commit']>> = {
  intervalMs: committerOptions.intervalMs,
  every: committerOptions.every,
};

export const stopDeadlineMs: Kind = milliseconds(0, { endless: true });

/** The protocol has 32 bits for each. */
const ofProducers: Fields<ProducerOptions> = {
  maxRecordBytes: whole(1, { to: 2 ** 31 - 1 }),
  deliveryTimeoutMs: whole(1, { to: longestMs }),
};

/** A third of it is a heartbeat, a quarter of the other: below, neither gets through. A broker's least is its own, 6 s by default. */
const group = { session: whole(100, { to: longestMs }), names: list(topicNameKind) };

export const driverKind: Kind = having('a driver such as kafkajs() or memory()', 'connect');

export const loggerKind: Kind = having('a logger', 'debug', 'info', 'warn', 'error');

/** SIGKILL and SIGSTOP end and stop a process without asking it. */
export const signalKind: Kind = kind("the name of a signal that can be handled, such as 'SIGTERM'", name => {
  return typeof name === 'string' && name in constants.signals && name !== 'SIGKILL' && name !== 'SIGSTOP';
});

export const metricsKind: Kind = having('metrics', 'counter', 'gauge', 'histogram');

export const appOptions: Fields<AppOptions> = {
  groupId: required(identityKind),
  driver: required(driverKind),
  clientId: identityKind,
  clock,
  signals: list(signalKind),
  startFrom: startFromKind,
  policies: policiesKind,
  deadLetters: shape(deadLetterOptions),
  replays: oneOf('directed', 'everywhere'),
  onStoreLost: oneOf('refill', 'keep', 'fail'),
  guard: shape(guardOptions),
  bounds: shape(boundKinds),
  guarantee: oneOf('at-least-once', 'exactly-once'),
  transactionTimeoutMs: milliseconds(1_000, { to: longestTransactionMs }),
  commit: shape(commitOptions),
  producer: shape(ofProducers),
  coPartitioned: list(group.names),
  maxTaskIdleMs: whole(-1),
  sessionTimeoutMs: group.session,
  rebalanceTimeoutMs: group.session,
  stallTimeoutMs: milliseconds(1, { endless: true }),
  standstillMs: milliseconds(1, { endless: true }),
  connectTimeoutMs: milliseconds(0, { endless: true }),
  stopDeadlineMs,
  discoveryMs: milliseconds(1, { endless: true }),
  idleMs: milliseconds(1, { endless: true }),
  random: call,
  logger: loggerKind,
  metrics: metricsKind,
};

/** By the names of the options; the others there are nobody's option. */
export const appDefaults = { ...defaults.group, ...defaults.source, ...defaults };

/** @throws `CONFIGURATION` for options that cannot be, each by itself or together */
export function checkApp(options: AppOptions): void {
  checkOptions('createApp', appOptions, options, appDefaults);
  checkCommits('createApp', 'commit.', options.commit ?? {});
  checkUnitTimeouts('createApp', options);
  if (options.deadLetters !== undefined) return;
  for (const [stage, policy] of Object.entries(options.policies ?? {})) {
    if (verdictOf(policy) === 'dead-letter') throw withoutDeadLetters(`createApp: policies.${stage}`);
  }
}

/** What the driver's producer is told, defaults filled in. */
export function producerOptions({
  maxRecordBytes = defaults.producer.maxRecordBytes,
  deliveryTimeoutMs = defaults.producer.deliveryTimeoutMs,
}: NonNullable<AppOptions['producer']> = {}): ProducerOptions {
  return { maxRecordBytes, deliveryTimeoutMs };
}

/** What the driver's units of work are told, defaults filled in. No record may take longer than the transaction has. */
export function unitOptions(options: AppOptions): UnitOptions {
  const { maxRecordBytes, deliveryTimeoutMs } = producerOptions(options.producer);
  const transactionTimeoutMs = transactionTimeoutOf(options);
  const longestMs = longestDeliveryMs(transactionTimeoutMs);
  return { maxRecordBytes, deliveryTimeoutMs: Math.min(deliveryTimeoutMs, longestMs), transactionTimeoutMs };
}

/** What the units of work under exactly once keep to, defaults filled in. */
export function unitBounds(options: AppOptions): UnitBounds {
  const { commit, bounds } = options;
  return {
    intervalMs:
      commit?.intervalMs ??
      (options.guarantee === 'exactly-once' ? defaults.unit.intervalMs : defaults.commit.intervalMs),
    maxRecords: commit?.every ?? defaults.commit.every,
    maxUnsettled: bounds?.maxUnsettled ?? defaults.bounds.maxUnsettled,
    transactionTimeoutMs: transactionTimeoutOf(options),
  };
}

/** What the driver's consumer is told, defaults filled in. */
export function consumerOptions(
  options: AppOptions,
  coPartitioned: ConsumerOptions['coPartitioned'],
  topics: readonly string[],
  resumeAt: ConsumerOptions['resumeAt'],
  ready?: ConsumerOptions['ready'],
): ConsumerOptions {
  return {
    groupId: options.groupId,
    topics,
    startFrom: options.startFrom ?? 'earliest',
    coPartitioned,
    sessionTimeoutMs: options.sessionTimeoutMs ?? defaults.group.sessionTimeoutMs,
    rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? defaults.group.rebalanceTimeoutMs,
    readCommitted: true,
    ready,
    resumeAt,
  };
}
