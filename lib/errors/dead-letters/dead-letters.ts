import { defaults } from '../../app/defaults.js';
import type { Clock } from '../../base/clock.js';
import { Queue } from '../../base/queue.js';
import type { OutputListener, ProducerOutput } from '../../drivers/port.js';
import type { Delivery, Problem } from '../../flow/leases/delivery.js';
import type { Outputs } from '../../flow/sinks/outputs.js';
import type { Header } from '../../record/headers.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors.js';
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
export class DeadLetters {
  readonly #topic: string;
  readonly #parts: DeadLetterParts;
  readonly #payloadOf: PayloadOf;
  readonly #limit: LetterLimit | undefined;
  readonly #partitions: DeadLetterOutput[] = [];
  /** The nodes that a record has a letter of, by name and way; almost no record ever has one. */
  readonly #told = new WeakMap<Delivery, Set<string>>();

  constructor(options: DeadLetterOptions, parts: DeadLetterParts) {
    this.#topic = options.topic;
    this.#parts = parts;
    this.#payloadOf = payloadMaker(options.payload ?? 'redacted', parts.masks, parts.outputs.maxRecordBytes);
    const limit = options.limit ?? defaults.deadLetters.limit;
    this.#limit = limit === 'none' ? undefined : new LetterLimit(limit);
    parts.outputs.declare(options.topic);
  }

  /** Records were handed out: what the limit's share is taken of. */
  consumed(): void {
    const { clock, handedOut } = this.#parts;
    this.#limit?.consumed(clock.elapsed(), handedOut());
  }

  /**
   * Takes a lease on the delivery; called inside its window or under a lease. A record that was made into several parts has one
   * letter of a node, of the first that failed there: its replay makes all of them again.
   */
  publish(problem: Problem, delivery: Delivery): void {
    const { clock, handedOut, failed } = this.#parts;
    const target = problem.target ?? this.#parts.wayTo(problem);
    if (!this.#isFirst(delivery, `${problem.node}\n${target.way}`)) return;
    const exceeded = this.#limit?.exceededBy(clock.elapsed(), handedOut());
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
    const output = this.#partitions[partition] ?? new DeadLetterOutput(this.#parts, this.#topic, partition);
    this.#partitions[partition] = output;
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
    output.append(delivery, key, value, headers, Math.trunc(clock.now()));
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

class DeadLetterOutput implements OutputListener {
  readonly #pending = new Queue<Delivery>();
  readonly #parts: DeadLetterParts;
  readonly #output: ProducerOutput;

  constructor(parts: DeadLetterParts, topic: string, partition: number) {
    this.#parts = parts;
    this.#output = parts.outputs.output(topic, partition, this);
  }

  append(
    delivery: Delivery,
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly Header[],
    timestamp: number,
  ): void {
    this.#output.append(key, value, headers, timestamp);
    this.#pending.push(delivery);
  }

  acknowledged(count: number): void {
    let answered = 0;
    for (; answered < count; answered++) {
      const delivery = this.#pending.shift();
      // More than were sent.
      if (delivery === undefined) break;
      delivery.release();
    }
    this.#parts.published(answered);
  }

  refused(count: number, error: KafkaRxError): void {
    for (let i = 0; i < count; i++) {
      const delivery = this.#pending.shift();
      if (delivery === undefined) return;
      this.#parts.failed(unwritten(error, delivery), delivery);
    }
  }
}

function unwritten(cause: unknown, at: Delivery): KafkaRxError {
  const told = isKafkaRxError(cause) ? cause.message : errorKind(cause);
  return new KafkaRxError('PRODUCE', `The dead letter could not be written: ${told}`, {
    at,
    cause,
    remedy: 'Look at the dead-letter topic; the record stays uncommitted',
  });
}
