import { delay, within } from '../../../base/clock.js';
import type { DriverContext } from '../../port.js';
import { backoffMs } from '../backoff.js';
import { fatalErrorOf, kindOf } from '../errors.js';
import type { Broker } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import { sendParts } from '../producer/send-parts.js';
import { coordinatorPasses, errorType } from '../protocol/error-codes.js';
import type { PartsRequest, Throttled } from '../protocol/protocol-request.js';
import { refusedTransaction, transactionWithoutTopic, unansweredTransaction } from './transaction-errors.js';

/** How long one question is repeated at most, and at least, whatever the transaction's own time is. */
const longestMs = 30_000;
const shortestMs = 5_000;
/** How long a topic may be unknown, as one that was just made is to some brokers. */
const unknownTopicGraceMs = 3_000;
const attemptBoundMs = 6_000;
const backoffCapMs = 1_000;
/** The markers of the transaction before are being written: a matter of milliseconds, which the next one waits for. */
const markersMs = 20;

/** Of kafkajs's own constant (src/protocol/coordinatorTypes.js). */
const ofTransactions = 1;

export interface Question<T extends Throttled> {
  readonly request: PartsRequest<T>;
  readonly errorCodes: (answer: T) => readonly number[];
  /** Asks the coordinator of this group instead. */
  readonly groupId?: string | undefined;
  /**
   * Is told of each attempt that may have been done, or may be yet, behind whatever is asked afterwards: nobody answered it, or the
   * coordinator could not tell whether it has written it down.
   */
  readonly uncertain?: (() => void) | undefined;
}

/**
 * What a coordinator answers before it has begun. With any other that passes it may have written the request down: it says so too where its
 * followers did not confirm in time, or where it ceased to be the coordinator meanwhile.
 */
const undone: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'GROUP_LOAD_IN_PROGRESS',
  'OPERATION_NOT_ATTEMPTED',
]);

/** One try to ask: it may have been over before anything was sent. */
interface Attempt {
  isSent: boolean;
  isOver: boolean;
}

/**
 * The way to the coordinator of one transactional id, and to its group's. What passes is asked again, with backoff;
 * every request here may arrive twice, since the coordinator answers the second as it did the first.
 */
export class TransactionCoordinator {
  readonly transactionalId: string;
  readonly #cluster: Pick<Cluster, 'findGroupCoordinator'>;
  readonly #driver: DriverContext;
  readonly #boundMs: number;
  /** By group, `undefined` for the transaction's own; forgotten with each failure. */
  readonly #known = new Map<string | undefined, Broker>();

  /** @param timeoutMs the transaction's own time: a question ends before that does */
  constructor(
    cluster: Pick<Cluster, 'findGroupCoordinator'>,
    driver: DriverContext,
    transactionalId: string,
    timeoutMs: number,
  ) {
    this.#cluster = cluster;
    this.#driver = driver;
    this.transactionalId = transactionalId;
    this.#boundMs = Math.min(longestMs, Math.max(shortestMs, timeoutMs / 2));
  }

  /** Rejects with what no repetition mends, or with a `retriable` error when nobody answered in time. */
  async ask<T extends Throttled>(question: Question<T>): Promise<T> {
    const { clock, event } = this.#driver;
    const { apiName } = question.request;
    const what = `${apiName} of ${this.transactionalId}`;
    const from = clock.elapsed();
    const until = from + this.#boundMs;
    let isTold = false;
    for (let attempt = 1; ; attempt++) {
      const left = Math.max(1, until - clock.elapsed());
      const answered = await this.#attempt(question, Math.min(attemptBoundMs, left));
      if (typeof answered !== 'string') {
        if (isTold) event({ type: 'retried', what });
        return answered.answer;
      }
      const delayMs = answered === 'CONCURRENT_TRANSACTIONS' ? markersMs : backoffMs(attempt, backoffCapMs);
      if (answered === 'UNKNOWN_TOPIC_OR_PARTITION' && clock.elapsed() - from > unknownTopicGraceMs)
        throw transactionWithoutTopic(this.transactionalId, apiName);
      if (clock.elapsed() + delayMs >= until)
        throw unansweredTransaction(this.transactionalId, apiName, answered);
      if (answered !== 'CONCURRENT_TRANSACTIONS') {
        event({ type: 'retrying', what, attempt, delayMs, reason: answered });
        isTold = true;
      }
      await delay(clock, delayMs);
    }
  }

  /** The answer, or why to ask again. */
  async #attempt<T extends Throttled>(
    question: Question<T>,
    withinMs: number,
  ): Promise<{ readonly answer: T } | string> {
    const { request, errorCodes, groupId, uncertain } = question;
    const attempt: Attempt = { isSent: false, isOver: false };
    let answer: T | 'late';
    try {
      answer = await within(this.#driver.clock, this.#send(request, groupId, attempt), withinMs);
    } catch (error) {
      if (attempt.isSent) uncertain?.();
      const fatal = fatalErrorOf(error);
      if (fatal !== undefined) throw fatal;
      this.#known.delete(groupId);
      return kindOf(error);
    }
    if (answer === 'late') {
      attempt.isOver = true;
      if (attempt.isSent) uncertain?.();
      this.#known.delete(groupId);
      return 'no answer';
    }
    const types = errorCodes(answer)
      .filter(code => code !== 0)
      .map(errorType);
    // What was not attempted was not, because of another part.
    const first = types.find(type => type !== 'OPERATION_NOT_ATTEMPTED') ?? types[0];
    if (first === undefined) return { answer };
    const final = types.find(type => !coordinatorPasses(type));
    if (final !== undefined) throw refusedTransaction(this.transactionalId, final);
    if (!types.every(type => undone.has(type))) uncertain?.();
    if (first !== 'CONCURRENT_TRANSACTIONS') this.#known.delete(groupId);
    return first;
  }

  async #send<T extends Throttled>(
    request: PartsRequest<T>,
    groupId: string | undefined,
    attempt: Attempt,
  ): Promise<T> {
    const coordinator = await this.#find(groupId);
    // Found too late, when it was asked for again, or given up: what is sent now would come behind what followed.
    if (attempt.isOver) throw new Error('over');
    attempt.isSent = true;
    return sendParts(coordinator, request);
  }

  async #find(groupId: string | undefined): Promise<Broker> {
    const known = this.#known.get(groupId);
    if (known !== undefined) return known;
    const found = await this.#cluster.findGroupCoordinator(
      groupId === undefined
        ? { groupId: this.transactionalId, coordinatorType: ofTransactions }
        : { groupId },
    );
    this.#known.set(groupId, found);
    return found;
  }
}
