import { isKafkaRxError, type KafkaRxError } from '../../../errors/errors.js';
import type { TopicPartition } from '../../port.js';
import type { StoredCommit } from '../../topic-commits.js';
import type { GroupGeneration } from '../internals/broker.js';
import { addOffsetsToTxnRequest } from '../protocol/add-offsets-to-txn.js';
import { addPartitionsToTxnRequest } from '../protocol/add-partitions-to-txn.js';
import { endTxnRequest } from '../protocol/end-txn.js';
import { initTransactionalIdRequest, type ProducerIdentity } from '../protocol/init-producer-id.js';
import type { OneError, PartitionErrors } from '../protocol/transaction-answers.js';
import { txnOffsetCommitRequest } from '../protocol/txn-offset-commit.js';
import type { TransactionCoordinator } from './transaction-coordinator.js';

/** The coordinator aborts what is open for longer: after a crash that nobody takes over, readers wait that long. */
export const transactionTimeoutMs = 60_000;

type Coordinator = Pick<TransactionCoordinator, 'transactionalId' | 'ask'>;

const oneError = ({ errorCode }: OneError): readonly number[] => [errorCode];
const eachError = ({ results }: PartitionErrors): readonly number[] =>
  results.map(({ errorCode }) => errorCode);

/**
 * The transactions of one transactional id, one after the other, as their coordinator sees them. There is none to the
 * coordinator before the first partition or group was added; one that stays empty ends without a word.
 */
export class KafkaTransaction {
  readonly #coordinator: Coordinator;
  #identity: ProducerIdentity;
  readonly #added = new Set<string>();
  /** One request at a time: the coordinator refuses another one while it writes the first down. */
  #adding: Promise<void> = Promise.resolve();
  /** Whether the coordinator may have heard of this one. */
  #known = false;
  #deciding = false;
  #failure: KafkaRxError | undefined;

  private constructor(coordinator: Coordinator, identity: ProducerIdentity) {
    this.#coordinator = coordinator;
    this.#identity = identity;
  }

  /** Fences whoever has the id, and settles what he left open: resolves when that is done. */
  static async open(coordinator: Coordinator): Promise<KafkaTransaction> {
    return new KafkaTransaction(coordinator, await identityFrom(coordinator, undefined));
  }

  get transactionalId(): string {
    return this.#coordinator.transactionalId;
  }

  get identity(): ProducerIdentity {
    return this.#identity;
  }

  /** Why there will be no other transaction; undefined as long as there may be. */
  get failure(): KafkaRxError | undefined {
    return this.#failure;
  }

  begin(): void {
    this.#added.clear();
    this.#known = false;
    this.#deciding = false;
  }

  /** Resolves when the coordinator knows all of these: only then may a batch be sent there. */
  add(partitions: readonly TopicPartition[]): Promise<void> {
    const isNew = ({ topic, partition }: TopicPartition): boolean =>
      !this.#added.has(`${topic}:${partition}`);
    if (!partitions.some(isNew)) return Promise.resolve();
    const added = this.#adding.then(async () => {
      const wanted = partitions.filter(isNew);
      if (wanted.length === 0) return;
      this.#known = true;
      const request = addPartitionsToTxnRequest(this.transactionalId, this.#identity, wanted);
      await this.#ask(() => this.#coordinator.ask({ request, errorCodes: eachError }));
      for (const { topic, partition } of wanted) this.#added.add(`${topic}:${partition}`);
    });
    this.#adding = added.catch(() => {});
    return added;
  }

  /** @param member whose offsets they are; throws when they are not, asked in the turn in which they are sent */
  async addOffsets(offsets: readonly StoredCommit[], member: () => GroupGeneration): Promise<void> {
    if (offsets.length === 0) return;
    const { groupId } = member();
    this.#known = true;
    const group = addOffsetsToTxnRequest(this.transactionalId, this.#identity, groupId);
    await this.#ask(() => this.#coordinator.ask({ request: group, errorCodes: oneError }));
    const request = txnOffsetCommitRequest(this.transactionalId, this.#identity, member(), offsets);
    // A refusal of the group's: the transaction is still ours, and has to be aborted.
    await this.#coordinator.ask({ request, errorCodes: eachError, groupId });
  }

  /**
   * Asked again when the answer is lost: the coordinator, which has written the outcome down, confirms the same outcome
   * once more and refuses the other. So once a commit was asked for nothing aborts it any more; whoever opens the id next finds
   * it committed, or aborts it.
   */
  async end(outcome: 'commit' | 'abort'): Promise<void> {
    if (!this.#known || this.#deciding || this.#failure !== undefined) return;
    this.#deciding = outcome === 'commit';
    const request = endTxnRequest(this.transactionalId, this.#identity, outcome);
    await this.#ask(() => this.#coordinator.ask({ request, errorCodes: oneError }));
    this.#known = false;
  }

  /** A new epoch of the same owner, under which sequences begin at 0; refused where somebody else has the id by now. */
  async renew(): Promise<void> {
    this.#identity = await this.#ask(() => identityFrom(this.#coordinator, this.#identity));
  }

  /** The brokers take nothing of this owner any more. */
  fail(error: KafkaRxError): void {
    this.#failure ??= error;
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if (isKafkaRxError(error) && !error.retriable) this.fail(error);
      throw error;
    }
  }
}

async function identityFrom(
  coordinator: Coordinator,
  current: ProducerIdentity | undefined,
): Promise<ProducerIdentity> {
  const { transactionalId } = coordinator;
  const request = initTransactionalIdRequest({ transactionalId, timeoutMs: transactionTimeoutMs, current });
  return (await coordinator.ask({ request, errorCodes: oneError })).identity;
}
