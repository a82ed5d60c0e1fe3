import { delay, within } from '../../../base/clock.js';
import type { DriverContext } from '../../port.js';
import { backoffMs } from '../backoff.js';
import { fatalErrorOf, kindOf } from '../errors.js';
import type { Broker } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import { sendParts } from '../producer/send-parts.js';
import { coordinatorPasses, errorType } from '../protocol/error-codes.js';
import type { PartsRequest, Throttled } from '../protocol/protocol-request.js';
import { refusedTransaction, unansweredTransaction } from './transaction-errors.js';

/** How long one question is repeated: shorter than the transaction's own time, so that it ends before that does. */
const boundMs = 30_000;
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
}

/**
 * The way to the coordinator of one transactional id, and to its group's. What passes is asked again, with backoff;
 * every request here may arrive twice, since the coordinator answers the second as it did the first.
 */
export class TransactionCoordinator {
  readonly transactionalId: string;
  readonly #cluster: Pick<Cluster, 'findGroupCoordinator'>;
  readonly #driver: DriverContext;
  /** By group, `undefined` for the transaction's own; forgotten with each failure. */
  readonly #known = new Map<string | undefined, Broker>();

  constructor(
    cluster: Pick<Cluster, 'findGroupCoordinator'>,
    driver: DriverContext,
    transactionalId: string,
  ) {
    this.#cluster = cluster;
    this.#driver = driver;
    this.transactionalId = transactionalId;
  }

  /** Rejects with what no repetition mends, or with a `retriable` error when nobody answered in time. */
  async ask<T extends Throttled>(question: Question<T>): Promise<T> {
    const { clock } = this.#driver;
    const { apiName } = question.request;
    const until = clock.elapsed() + boundMs;
    for (let attempt = 1; ; attempt++) {
      const left = Math.max(1, until - clock.elapsed());
      const answered = await this.#attempt(question, Math.min(attemptBoundMs, left));
      if (typeof answered !== 'string') return answered.answer;
      const delayMs = answered === 'CONCURRENT_TRANSACTIONS' ? markersMs : backoffMs(attempt, backoffCapMs);
      if (clock.elapsed() + delayMs >= until)
        throw unansweredTransaction(this.transactionalId, apiName, answered);
      if (answered !== 'CONCURRENT_TRANSACTIONS') {
        this.#driver.event({
          type: 'retrying',
          what: `${apiName} of ${this.transactionalId}`,
          attempt,
          delayMs,
          reason: answered,
        });
      }
      await delay(clock, delayMs);
    }
  }

  /** The answer, or why to ask again. */
  async #attempt<T extends Throttled>(
    question: Question<T>,
    withinMs: number,
  ): Promise<{ readonly answer: T } | string> {
    const { request, errorCodes, groupId } = question;
    let answer: T | 'late';
    try {
      answer = await within(this.#driver.clock, this.#send(request, groupId), withinMs);
    } catch (error) {
      const fatal = fatalErrorOf(error);
      if (fatal !== undefined) throw fatal;
      this.#known.delete(groupId);
      return kindOf(error);
    }
    if (answer === 'late') {
      this.#known.delete(groupId);
      return 'no answer';
    }
    const types = errorCodes(answer)
      .filter(code => code !== 0)
      .map(errorType);
    const [first] = types;
    if (first === undefined) return { answer };
    const final = types.find(type => !coordinatorPasses(type));
    if (final !== undefined) throw refusedTransaction(this.transactionalId, final);
    if (first !== 'CONCURRENT_TRANSACTIONS') this.#known.delete(groupId);
    return first;
  }

  async #send<T extends Throttled>(request: PartsRequest<T>, groupId: string | undefined): Promise<T> {
    return sendParts(await this.#find(groupId), request);
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
