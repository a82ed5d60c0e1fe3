import { type Timer, within } from '../../base/clock.js';
import { isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import type { DriverContext, OffsetCommit, UnitOfWork, UnitOptions } from '../port.js';
import {
  abortedUnit,
  closedUnit,
  fencedUnit,
  notAMember,
  outsideOfUnit,
  overdueUnit,
  undecidedUnit,
} from '../unit-errors.js';
import { UnitOutputs } from '../unit-outputs.js';
import { unitProducerOptions } from '../unit-producer-options.js';
import type { Cluster } from './cluster.js';
import type { MemoryConsumer } from './memory-consumer.js';
import { MemoryProducer } from './memory-producer.js';
import { Transaction } from './transaction.js';

/** How long a question about a transaction is repeated, as by the driver of a real cluster. */
const patienceMs = 30_000;

export interface MemoryUnit {
  readonly cluster: Cluster;
  readonly context: DriverContext;
  readonly transactionalId: string;
  readonly options: UnitOptions;
  /** The member of the group whose offsets are committed, as long as there is one. */
  readonly consumer: () => MemoryConsumer | undefined;
}

/** A task's transactions, one after the other, until one is refused or the task is opened anew. */
export class MemoryUnitOfWork extends UnitOutputs<MemoryProducer> implements UnitOfWork {
  readonly #unit: MemoryUnit;
  readonly #close: () => void;
  #transaction: Transaction | undefined;
  /** The coordinator's, of the transaction that is open. */
  #expiry: Timer | undefined;

  private constructor(unit: MemoryUnit) {
    super(
      new MemoryProducer(unit.cluster, unit.context, unitProducerOptions(unit.options), () =>
        this.#current(),
      ),
    );
    this.#unit = unit;
    const { tasks } = unit.cluster;
    const { transactionalId } = unit;
    tasks.get(transactionalId)?.fence();
    unit.cluster.transactionalIds.add(transactionalId);
    const entry = { fence: () => this.#die(fencedUnit(transactionalId)) };
    tasks.set(transactionalId, entry);
    this.#close = () => {
      if (tasks.get(transactionalId) === entry) tasks.delete(transactionalId);
    };
  }

  /** Aborts what the former owner left open, and waits for the commit that he has asked for. */
  static async open(unit: MemoryUnit): Promise<MemoryUnitOfWork> {
    const { cluster, transactionalId } = unit;
    const undecided = cluster.undecided.of(transactionalId);
    if (undecided !== undefined && (await within(cluster.clock, undecided, patienceMs)) === 'late')
      throw stillUndecided(transactionalId);
    return new MemoryUnitOfWork(unit);
  }

  begin(): void {
    this.enter();
    this.#transaction = new Transaction();
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    this.leaveWith(offsets);
    const { clock } = this.#unit.cluster;
    try {
      await this.producer.flush();
      await new Promise<void>(resolve => clock.defer(resolve, 'transactions'));
      const decision = this.dead ?? this.refused ?? this.#decide(offsets);
      const failure = decision instanceof Promise ? await this.#answer(decision) : decision;
      if (failure !== undefined) throw failure;
    } catch (error) {
      this.#die(isKafkaRxError(error) ? error : uncommitted(this.#unit.transactionalId, error));
      throw error;
    } finally {
      this.left();
    }
  }

  async abort(): Promise<void> {
    if (!this.isOpen) return;
    this.leave();
    this.producer.drop(abortedUnit());
    await this.producer.flush();
    this.#rollBack();
    this.left();
  }

  close(): Promise<void> {
    this.#die(closedUnit());
    this.#close();
    return this.producer.close();
  }

  #current(): Transaction | KafkaRxError {
    if (this.dead !== undefined) return this.dead;
    const transaction = this.#transaction;
    if (transaction === undefined) return outsideOfUnit();
    const { cluster, transactionalId, options } = this.#unit;
    const { transactionTimeoutMs } = options;
    this.#expiry ??= cluster.clock.schedule(
      () => this.#die(overdueUnit(transactionalId, transactionTimeoutMs)),
      transactionTimeoutMs,
    );
    return transaction;
  }

  /**
   * Refused before anything stands: offsets and marker come in one turn, and readers see both.
   *
   * @returns why not; or a promise where it is to be decided late
   */
  #decide(offsets: readonly OffsetCommit[]): KafkaRxError | Promise<void> | undefined {
    const { cluster, transactionalId } = this.#unit;
    const consumer = this.#unit.consumer();
    if (consumer === undefined) return notAMember();
    const { group, memberId, generation } = consumer;
    const refused =
      cluster.outage ??
      cluster.faults.commitFailure() ??
      consumer.refusal(offsets) ??
      group.refusal(memberId, generation, offsets);
    if (refused !== undefined) return refused;
    const stored = consumer.storable(offsets);
    const transaction = this.#transaction;
    const decision = (): void => {
      for (const one of stored) group.setCommitted(one, one.offset, one);
      if (transaction !== undefined) cluster.endTransaction(transaction, 'committed');
    };
    const decidedLate = cluster.undecided.hold(transactionalId, group.id, stored, decision);
    if (decidedLate === undefined) decision();
    // Once it was asked for, nothing that becomes of the owner aborts it any more.
    this.#forget();
    return decidedLate;
  }

  /** What the owner hears of a commit that is decided late. */
  async #answer(decided: Promise<void>): Promise<KafkaRxError | undefined> {
    const { cluster, transactionalId } = this.#unit;
    const answer = await within(cluster.clock, decided, patienceMs);
    return this.dead ?? (answer === 'late' ? undecidedUnit(transactionalId) : undefined);
  }

  #die(error: KafkaRxError): void {
    this.dead ??= error;
    this.#rollBack();
  }

  #rollBack(): void {
    if (this.#transaction !== undefined) this.#unit.cluster.endTransaction(this.#transaction, 'aborted');
    this.#forget();
  }

  #forget(): void {
    this.#expiry?.cancel();
    this.#expiry = undefined;
    this.#transaction = undefined;
  }
}

function uncommitted(transactionalId: string, cause: unknown): KafkaRxError {
  return new KafkaRxError('COMMIT_FAILED', `Transaction ${transactionalId} failed`, {
    cause,
    remedy: 'Open it anew: nothing of it was committed.',
  });
}

function stillUndecided(transactionalId: string): KafkaRxError {
  return new KafkaRxError(
    'COMMIT_FAILED',
    `The commit of the former owner of ${transactionalId} is not decided yet`,
    { remedy: 'Open it again.', retriable: true },
  );
}
