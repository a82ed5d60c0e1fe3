import type { Clock } from '../../../base/clock.js';
import { partitionKey } from '../../../base/partition-key.js';
import { isKafkaRxError, type KafkaRxError } from '../../../errors/errors.js';
import type { TopicPartition } from '../../port.js';
import type { StoredCommit } from '../../topic-commits.js';
import { overdueUnit, undecidedUnit } from '../../unit-errors.js';
import { typeOf } from '../errors.js';
import type { GroupGeneration } from '../internals/broker.js';
import { addOffsetsToTxnRequest } from '../protocol/add-offsets-to-txn.js';
import { addPartitionsToTxnRequest } from '../protocol/add-partitions-to-txn.js';
import { endTxnRequest } from '../protocol/end-txn.js';
import { initTransactionalIdRequest, type ProducerIdentity } from '../protocol/init-producer-id.js';
import type { PartsRequest, Throttled } from '../protocol/protocol-request.js';
import type { OneError, PartitionErrors } from '../protocol/transaction-answers.js';
import { txnOffsetCommitRequest } from '../protocol/txn-offset-commit.js';
import type { Question, TransactionCoordinator } from './transaction-coordinator.js';
import { isExpiry, isFence, refusedTransaction } from './transaction-errors.js';

type Coordinator = Pick<TransactionCoordinator, 'transactionalId' | 'ask'>;

export interface TransactionTime {
  readonly clock: Pick<Clock, 'elapsed'>;
  /** The coordinator aborts what is open for longer. */
  readonly timeoutMs: number;
}

const oneError = ({ errorCode }: OneError): readonly number[] => [errorCode];
const eachError = ({ results }: PartitionErrors): readonly number[] =>
  results.map(({ errorCode }) => errorCode);

/**
 * The transactions of one transactional id, one after the other, as their coordinator sees them. There is none to the
 * coordinator before the first partition or group was added; one that stays empty ends without a word.
 *
 * The identity stays from one to the next until it is spent: the brokers have forgotten it, batches were given up of which nobody knows
 * whether they were written, or a request was not answered, and may still arrive. It would then end, or add to, whatever is open by that
 * time under the same epoch. So the next one has another epoch of the same owner (KIP-360), which the brokers give to nobody but him.
 */
export class KafkaTransaction {
  readonly #coordinator: Coordinator;
  readonly #time: TransactionTime;
  #identity: ProducerIdentity;
  /** Whether another identity is wanted: of the next transaction, or of this one, which has said nothing yet. */
  #renewal: 'none' | 'next' | 'now' = 'none';
  #renewing: Promise<void> | undefined;
  readonly #added = new Set<string>();
  /** One request at a time: the coordinator refuses another one while it writes the first down. */
  #adding: Promise<void> = Promise.resolve();
  /** Since when the coordinator may have heard of this one. */
  #since: number | undefined;
  #deciding = false;
  #lost: KafkaRxError | undefined;
  #unanswered: KafkaRxError | undefined;
  #failure: KafkaRxError | undefined;
  /** The brokers take nothing of this owner any more, not even the end of what is open. */
  #isFenced = false;

  private constructor(coordinator: Coordinator, time: TransactionTime, identity: ProducerIdentity) {
    this.#coordinator = coordinator;
    this.#time = time;
    this.#identity = identity;
  }

  /** Fences whoever has the id, and settles what he left open: resolves when that is done. */
  static async open(coordinator: Coordinator, time: TransactionTime): Promise<KafkaTransaction> {
    return new KafkaTransaction(coordinator, time, await identityFrom(coordinator, time, undefined));
  }

  get transactionalId(): string {
    return this.#coordinator.transactionalId;
  }

  /** Whom the next batches come from. Rejects where another is wanted and could not be had yet. */
  async identity(): Promise<ProducerIdentity> {
    await this.#renewed();
    return this.#identity;
  }

  /** Why there will be no other transaction; undefined as long as there may be. */
  get failure(): KafkaRxError | undefined {
    return this.#failure;
  }

  /** Why this one cannot be committed, where the next one may. */
  get lost(): KafkaRxError | undefined {
    return this.#lost;
  }

  /** What the coordinator was asked last and did not answer; undefined once it has. */
  get unanswered(): KafkaRxError | undefined {
    return this.#unanswered;
  }

  /** Returns whether this one has another identity than the one before, under which sequences begin at 0. */
  begin(): boolean {
    this.#added.clear();
    this.#since = undefined;
    this.#deciding = false;
    this.#lost = undefined;
    this.#unanswered = undefined;
    if (this.#renewal === 'next') this.#renewal = 'now';
    return this.#renewal === 'now';
  }

  /** The identity is not to be used for another one. */
  spend(): void {
    this.#renewal = 'next';
  }

  /** Resolves when the coordinator knows all of these: only then may a batch be sent there. */
  add(partitions: readonly TopicPartition[]): Promise<void> {
    const isNew = (partition: TopicPartition): boolean => !this.#added.has(partitionKey(partition));
    if (!partitions.some(isNew)) return Promise.resolve();
    const added = this.#adding.then(async () => {
      const wanted = partitions.filter(isNew);
      if (wanted.length === 0) return;
      await this.#ask(addPartitionsToTxnRequest(this.transactionalId, this.#identity, wanted), eachError);
      for (const partition of wanted) this.#added.add(partitionKey(partition));
    });
    this.#adding = added.catch(() => {});
    return added;
  }

  /** @param member whose offsets they are; throws when they are not, asked in the turn in which they are sent */
  async addOffsets(offsets: readonly StoredCommit[], member: () => GroupGeneration): Promise<void> {
    await this.#renewed();
    const { groupId } = member();
    await this.#ask(addOffsetsToTxnRequest(this.transactionalId, this.#identity, groupId), oneError);
    const request = txnOffsetCommitRequest(this.transactionalId, this.#identity, member(), offsets);
    await this.#ask(request, eachError, { groupId });
  }

  /**
   * Asked again when the answer is lost: the coordinator, which has written the outcome down, confirms the same outcome
   * once more and refuses the other. So once a commit was asked for nothing aborts it any more; whoever opens the id next finds
   * it committed, or aborts it.
   */
  async end(outcome: 'commit' | 'abort'): Promise<void> {
    if (this.#since === undefined || this.#deciding || this.#isFenced) return;
    this.#deciding = outcome === 'commit';
    let mayBeDone = false;
    const uncertain = (): void => {
      mayBeDone = true;
    };
    try {
      const request = endTxnRequest(this.transactionalId, this.#identity, outcome);
      await this.#ask(request, oneError, { uncertain });
    } catch (error) {
      // Whatever was answered in the end: an attempt before that may have committed it.
      if (outcome === 'commit' && mayBeDone) throw this.#fail(undecidedUnit(this.transactionalId, error));
      this.#deciding = false;
      // The coordinator knows of nothing that could be aborted.
      if (outcome === 'abort' && this.#since === undefined) return;
      throw error;
    }
    this.#since = undefined;
  }

  /** What it means that a leader has refused a batch of this one. */
  refused(type: string): KafkaRxError {
    return this.#meaning(refusedTransaction(this.transactionalId, type));
  }

  /** There will be no other. */
  #fail(error: KafkaRxError): KafkaRxError {
    this.#failure ??= error;
    return error;
  }

  /** A new epoch of the same owner, or a new id where epochs or id have run out; refused where somebody else has it by now. */
  async #renewed(): Promise<void> {
    if (this.#renewal !== 'now') return;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  async #renew(): Promise<void> {
    try {
      this.#identity = await identityFrom(this.#coordinator, this.#time, this.#identity);
      this.#renewal = 'none';
    } catch (error) {
      throw isKafkaRxError(error) && !error.retriable ? this.#fail(error) : error;
    }
  }

  async #ask<T extends Throttled>(
    request: PartsRequest<T>,
    errorCodes: Question<T>['errorCodes'],
    { groupId, uncertain }: Pick<Question<T>, 'groupId' | 'uncertain'> = {},
  ): Promise<void> {
    this.#since ??= this.#time.clock.elapsed();
    try {
      await this.#coordinator.ask({
        ...{ request, errorCodes, groupId },
        uncertain: () => {
          this.spend();
          uncertain?.();
        },
      });
      this.#unanswered = undefined;
    } catch (error) {
      throw isKafkaRxError(error) ? this.#meaning(error, groupId) : error;
    }
  }

  /** @param groupId where it is the group's refusal: the transaction is still ours, and has to be aborted */
  #meaning(error: KafkaRxError, groupId?: string): KafkaRxError {
    const type = typeOf(error);
    const { timeoutMs, clock } = this.#time;
    if (isExpiry(type)) {
      this.#lost = error;
      this.spend();
      // There is nothing to be ended: the coordinator does not know whose it would be.
      if (type === 'INVALID_PRODUCER_ID_MAPPING' && groupId === undefined) this.#since = undefined;
    } else if (isFence(type)) {
      this.#isFenced = true;
      const openMs = clock.elapsed() - (this.#since ?? clock.elapsed());
      // Both are one answer: the coordinator raises the epoch to end what was open for too long.
      return this.#fail(openMs < timeoutMs ? error : overdueUnit(this.transactionalId, timeoutMs, error));
    } else if (error.retriable) this.#unanswered = error;
    else if (groupId === undefined) this.#fail(error);
    return error;
  }
}

async function identityFrom(
  coordinator: Coordinator,
  { timeoutMs }: TransactionTime,
  current: ProducerIdentity | undefined,
): Promise<ProducerIdentity> {
  const { transactionalId } = coordinator;
  const request = initTransactionalIdRequest({ transactionalId, timeoutMs, current });
  return (await coordinator.ask({ request, errorCodes: oneError })).identity;
}
