import { defaults } from '../../app/defaults.js';
import type { Clock } from '../../base/clock.js';
import { wallMs } from '../../base/wall-ms.js';
import type { Deliveries, Delivery, Problem } from '../../flow/leases/delivery.js';
import { isWritten, listOf } from '../../flow/leases/leases.js';
import type { Outputs } from '../../flow/sinks/outputs.js';
import type { TopicWriter } from '../../flow/sinks/topic-channel.js';
import { TopicChannels } from '../../flow/sinks/topic-channels.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors.js';
import { CountedLetters } from './counted-letters.js';
import { deadLetterPrefix, textHeaders } from './headers.js';
import { LetterLimit } from './limit.js';
import type { DeadLetterOptions } from './options.js';
import { nothing, type PayloadOf, payloadMaker } from './payload.js';

/** What the dead letters need of their app. */
export interface DeadLetterParts {
  readonly clock: Clock;
  readonly outputs: Outputs;
  /** The app's name in the dead letters: its group id. */
  readonly app: string;
  /** The way to the node of a problem, and how many nodes are alike there. */
  wayTo(problem: Problem): NonNullable<Problem['target']>;
  /** Paths of the value that the topology masks. */
  masks(): readonly string[];
  /** Records handed out since the app began. */
  handedOut(): number;
  published(count: number): void;
  /** No dead letter can be written, or none more may be: nothing is left but to fail. */
  failed(error: KafkaRxError, delivery: Delivery): void;
}

/**
 * Publishes records that could not be processed: where they lie, why they failed and at which node, so that a replay
 * need not repeat the healthy branches, and of the record itself what the option `payload` allows. The delivery stays
 * open until the dead letter is acknowledged.
 */
export class DeadLetters implements TopicWriter {
  readonly #topic: string;
  readonly #parts: DeadLetterParts;
  readonly #payloadOf: PayloadOf;
  readonly #limit: LetterLimit | undefined;
  readonly #counted = new CountedLetters();
  readonly #channels: TopicChannels;
  /** The nodes that a record has a letter of, by name and way; almost no record ever has one. */
  readonly #told = new WeakMap<Delivery, Set<string>>();

  constructor(options: DeadLetterOptions, parts: DeadLetterParts) {
    this.#topic = options.topic;
    this.#parts = parts;
    this.#payloadOf = payloadMaker(options.payload ?? 'redacted', parts.masks, parts.outputs.maxRecordBytes);
    const limit = options.limit ?? defaults.deadLetters.limit;
    this.#limit = limit === 'none' ? undefined : new LetterLimit(limit);
    parts.outputs.declare(options.topic);
    this.#channels = new TopicChannels(options.topic, parts.outputs, this);
  }

  /** Records were handed out: what the limit's share is taken of. */
  consumed(): void {
    const { clock, handedOut } = this.#parts;
    this.#limit?.consumed(clock.elapsed(), handedOut());
  }

  /**
   * Takes a lease on the delivery; called inside its window or under a lease. A record that was made into several parts has one
   * letter of a node, of the first that failed there: its replay makes all of them again. One that comes again to fill a store has its letters already.
   */
  publish(problem: Problem, delivery: Delivery): void {
    if (isWritten(delivery)) return;
    const { clock, handedOut, failed } = this.#parts;
    const target = problem.target ?? this.#parts.wayTo(problem);
    if (!this.#isFirst(delivery, `${problem.node}\n${target.way}`)) return;
    const exceeded = this.#counted.isFirst(delivery)
      ? this.#limit?.exceededBy(clock.elapsed(), handedOut())
      : undefined;
    if (exceeded !== undefined) {
      failed(aboveLimit(exceeded, problem, delivery), delivery);
      return;
    }
    delivery.lease();
    try {
      this.#append(problem, target, delivery);
    } catch (cause) {
      failed(unwritten(cause, delivery), delivery);
    }
  }

  #isFirst(delivery: Delivery, node: string): boolean {
    const nodes = this.#told.get(delivery);
    if (nodes === undefined) this.#told.set(delivery, new Set([node]));
    else if (nodes.has(node)) return false;
    else nodes.add(node);
    return true;
  }

  #append(problem: Problem, { way, alike }: NonNullable<Problem['target']>, delivery: Delivery): void {
    const { clock, outputs } = this.#parts;
    const partition = delivery.partition % outputs.partitionCount(this.#topic);
    const source = delivery.source();
    const { topic, offset, lane } = delivery;
    const at = { topic, partition: delivery.partition, offset, origin: lane.origin };
    const told = problem.error.path;
    const { kind, key, value, path } =
      source === undefined ? nothing(told) : this.#payloadOf(source, at, told);
    const headers = textHeaders(deadLetterPrefix, {
      topic: at.topic,
      partition: String(at.partition),
      offset: String(at.offset),
      origin: at.origin,
      // -1: no producer has set one.
      timestamp: source && source.timestamp >= 0 ? String(source.timestamp) : undefined,
      reason: problem.error.code,
      stage: problem.stage,
      node: problem.node,
      way,
      alike: alike > 1 ? String(alike) : undefined,
      path,
      app: this.#parts.app,
      payload: kind,
    });
    const timestamp = wallMs(clock);
    this.#channels.of(delivery).append(partition, key, value, headers, timestamp, delivery);
  }

  /** @internal */
  acknowledged(count: number): void {
    this.#parts.published(count);
  }

  /** @internal */
  refused(deliveries: Deliveries, error: KafkaRxError): void {
    for (const delivery of listOf(deliveries)) {
      // Whoever has the partition from now on has the record again, and writes its letter.
      if (delivery.lane.ended) delivery.release();
      else this.#parts.failed(unwritten(error, delivery), delivery);
    }
  }
}

function aboveLimit(what: string, { stage, error }: Problem, at: Delivery): KafkaRxError {
  return new KafkaRxError('DEAD_LETTER_LIMIT', `${what}; the last failed at ${stage} with ${error.code}`, {
    at,
    cause: error,
    remedy:
      'Mend what fails and start again, which goes on at the last commit, at this record or below: letters of what lies above ' +
      'that commit are written again. Or raise deadLetters.limit in createApp',
  });
}

function unwritten(cause: unknown, at: Delivery): KafkaRxError {
  const told = isKafkaRxError(cause) ? cause.message : errorKind(cause);
  return new KafkaRxError('PRODUCE', `The dead letter could not be written: ${told}`, {
    at,
    cause,
    remedy: 'Look at the dead-letter topic; the record stays uncommitted',
  });
}
