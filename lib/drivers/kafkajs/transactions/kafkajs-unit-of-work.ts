import { within } from '../../../base/clock.js';
import { isKafkaRxError, type KafkaRxError } from '../../../errors/errors.js';
import type { DriverContext, OffsetCommit, UnitOfWork } from '../../port.js';
import type { StoredCommit } from '../../topic-commits.js';
import { abortedUnit, closedUnit, outsideOfUnit } from '../../unit-errors.js';
import { UnitOutputs } from '../../unit-outputs.js';
import { kindOf } from '../errors.js';
import type { GroupGeneration } from '../internals/broker.js';
import type { KafkajsProducer } from '../producer/kafkajs-producer.js';
import type { KafkaTransaction } from './kafka-transaction.js';
import { failedTransaction } from './transaction-errors.js';

/** How long it is waited for that what is open of a unit that failed, or is closed, is aborted. Its timeout aborts what this leaves. */
const rollbackBoundMs = 3_000;

export interface UnitContext {
  readonly driver: DriverContext;
  readonly transaction: KafkaTransaction;
  /** Sends under the transaction's identity; this unit of work's alone. */
  readonly producer: KafkajsProducer;
  /** The offsets as the coordinator gets them, each saying of which topic it is. */
  readonly labelled: (offsets: readonly OffsetCommit[]) => readonly StoredCommit[];
  /** Of the group's member here; throws `COMMIT_REFUSED` where these partitions are not assigned to it in that epoch. */
  readonly member: (offsets: readonly OffsetCommit[]) => GroupGeneration;
}

/** A task's Kafka transactions, one after the other, until one is refused or the task is opened anew. */
export class KafkajsUnitOfWork extends UnitOutputs<KafkajsProducer> implements UnitOfWork {
  readonly #context: UnitContext;
  readonly #transaction: KafkaTransaction;
  #closed: Promise<void> | undefined;

  constructor(context: UnitContext) {
    super(context.producer);
    this.#context = context;
    this.#transaction = context.transaction;
    this.producer.refuseNew(outsideOfUnit());
  }

  override get failure(): KafkaRxError | undefined {
    return this.dead ?? this.#transaction.failure;
  }

  override excuse(): boolean {
    const { lost, unanswered } = this.#transaction;
    if (this.producer.hasLostSequences || lost !== undefined || unanswered !== undefined) return false;
    return super.excuse();
  }

  begin(): void {
    this.dead ??= this.#transaction.failure;
    this.enter();
    if (this.#transaction.begin()) this.producer.renumber();
    this.producer.refuseNew(undefined);
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    this.leaveWith(offsets);
    try {
      // Nothing may be on its way any more when the outcome is written.
      this.producer.refuseNew(outsideOfUnit());
      await this.producer.flush();
      this.#throwIfLost();
      await this.#transaction.addOffsets(this.#context.labelled(offsets), () =>
        this.#context.member(offsets),
      );
      this.#throwIfLost();
      await this.#transaction.end('commit');
      this.left();
    } catch (error) {
      const { lost } = this.#transaction;
      if (lost !== undefined && error === lost) await this.#goOn(lost);
      else await this.#rollBack(this.#die(error));
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (!this.isOpen) return;
    this.leave();
    try {
      await this.#drop(abortedUnit());
      await this.#transaction.end('abort');
      if (this.producer.hasLostSequences) this.#transaction.spend();
      this.left();
      this.producer.refuseNew(outsideOfUnit());
    } catch (error) {
      this.#die(error);
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const wasOpen = this.isOpen;
    const reason = this.#die(closedUnit());
    if (wasOpen) await this.#rollBack(reason);
    await this.producer.close();
  }

  #throwIfLost(): void {
    const { failure, lost, unanswered } = this.#transaction;
    const reason = failure ?? this.dead ?? lost ?? this.refused;
    // A record that was given up since no coordinator answered: that says more than that its time was over.
    if (reason !== undefined) throw reason === this.refused ? (unanswered ?? reason) : reason;
  }

  /** What waits is refused; resolves when what is under way was answered for. */
  #drop(error: KafkaRxError): Promise<void> {
    this.producer.refuseNew(error);
    return this.producer.drop(error);
  }

  /** There will be no other unit; returns why not, which may be older than this error. */
  #die(error: unknown): KafkaRxError {
    this.dead ??=
      this.#transaction.failure ??
      (isKafkaRxError(error) ? error : failedTransaction(this.#transaction.transactionalId, error));
    this.left();
    return this.dead;
  }

  /** Only this unit has failed: the next one may begin. */
  async #goOn(error: KafkaRxError): Promise<void> {
    if (await this.#rollBack(error)) this.left();
    else this.#die(error);
  }

  /** Lets readers pass what is there of a unit that failed; whoever opens it next does so at the latest. Tells whether it is done. */
  async #rollBack(reason: KafkaRxError): Promise<boolean> {
    const aborted = this.#drop(reason).then(() => this.#transaction.end('abort'));
    const { clock, logger } = this.#context.driver;
    const told = aborted.then(
      () => true,
      error => {
        logger.info(
          { transactionalId: this.#transaction.transactionalId, reason: kindOf(error) },
          'a unit of work was left open: readers wait until its timeout, or until it is opened anew',
        );
        return false;
      },
    );
    return (await within(clock, told, rollbackBoundMs)) === true;
  }
}
