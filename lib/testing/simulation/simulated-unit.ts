import type { Clock } from '../../base/clock.js';
import { partitionKey } from '../../base/partition-key.js';
import { transactionalId } from '../../base/transactional-id.js';
import type {
  OffsetCommit,
  OutputListener,
  ProducerOutput,
  TopicPartition,
  UnitOfWork,
} from '../../drivers/port.js';
import { abortedUnit, closedUnit, undecidedUnit } from '../../drivers/unit-errors.js';
import { UnitOutputs } from '../../drivers/unit-outputs.js';
import { isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import type { OffsetLabels, StoredOffset } from './offset-labels.js';
import { refusedCommit } from './refused-commit.js';
import { SimulatedProducer } from './simulated-producer.js';
import { isChangelog } from './simulated-reader.js';
import type { UnitWatch, WatchedUnit } from './unit-watch.js';
import type { Wire } from './wire.js';

/** Commits that the coordinator takes and decides late, as the simulation has it. */
export interface UndecidedParts {
  /** Whether the next commit under this id is held, and for how many milliseconds; undefined: it is decided at once. */
  holdCommit(transactionalId: string): number | undefined;
  /** The id's next commit is decided at once. Whether none is held now: the one that was to be was refused. */
  letCommit(transactionalId: string): boolean;
  /** Whether a commit under this id is held. */
  isHeld(transactionalId: string): boolean;
  /** Decides what is held under the id; whether there was something. */
  decideCommit(transactionalId: string): boolean;
}

export interface SimulatedUnitParts extends UndecidedParts {
  readonly wire: Wire;
  readonly labels: OffsetLabels;
  readonly taskId: string;
  readonly groupId: string;
  /** The task's, without what tells its two units apart. */
  readonly task: string;
  /** No other unit of the connection has it. */
  readonly name: string;
  /** The incarnation, and its clock. */
  readonly owner: string;
  readonly clock: Clock;
  readonly watch: UnitWatch;
  /** The wire's channel to the coordinator. */
  readonly peer: string;
  /** The broker has stored these offsets, whether or not the process will hear of it. */
  committed(groupId: string, offsets: readonly StoredOffset[], isLate?: boolean): void;
  /** The simulation has refused a commit. */
  refused(): void;
}

/**
 * A unit of work of one incarnation: what it asks of the broker passes its wire, request by request, as each can be lost, late, or the
 * last that its process has sent. What the process knows of the unit is here; `inner` is what the brokers know of it.
 */
export class SimulatedUnit extends UnitOutputs<SimulatedProducer> implements UnitOfWork, WatchedUnit {
  readonly #inner: UnitOfWork;
  readonly #parts: SimulatedUnitParts;
  #closed: Promise<void> | undefined;
  /** Partitions that it has written to since it began, and when the first record of that was appended. */
  readonly #written = new Set<string>();
  #holdsChanges = false;
  #writtenSince: number | undefined;

  constructor(inner: UnitOfWork, parts: SimulatedUnitParts) {
    const arrives = (): void => parts.watch.arrives('records', inner.failure, this);
    super(new SimulatedProducer(inner, parts.wire, ` of ${parts.name}`, arrives));
    this.#inner = inner;
    this.#parts = parts;
  }

  get task(): string {
    return this.#parts.task;
  }

  get owner(): string {
    return this.#parts.owner;
  }

  get isOrphaned(): boolean {
    return this.#parts.wire.isCut;
  }

  get written(): number {
    return this.#written.size;
  }

  get holdsChanges(): boolean {
    return this.#holdsChanges;
  }

  /** Whoever was fenced hears of it by the next answer. */
  begin(): void {
    this.enter();
    this.#written.clear();
    this.#holdsChanges = false;
    this.#writtenSince = undefined;
    if (this.#inner.failure === undefined) this.#inner.begin();
  }

  override output(partition: TopicPartition, listener: OutputListener): ProducerOutput {
    const output = super.output(partition, {
      acknowledged: (count, baseOffset) => listener.acknowledged(count, baseOffset),
      refused: (count, error) => {
        // The answer says, too, whether there can be another unit.
        this.dead ??= this.#inner.failure;
        listener.refused(count, error);
      },
    });
    return {
      append: (...record) => {
        this.#written.add(partitionKey(partition));
        this.#holdsChanges ||= isChangelog(partition.topic);
        this.#writtenSince ??= this.#parts.clock.elapsed();
        output.append(...record);
      },
    };
  }

  override excuse(): boolean {
    this.#parts.watch.excused();
    return super.excuse();
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    this.leaveWith(offsets);
    const { wire, peer, taskId, groupId, watch, clock } = this.#parts;
    if (this.#writtenSince !== undefined) watch.settled(this, this.#writtenSince, clock.elapsed());
    try {
      await this.producer.flush();
      const refused = this.dead ?? this.refused;
      if (refused !== undefined) {
        await this.#drop();
        throw refused;
      }
      const unknown = (): KafkaRxError => undecidedUnit(transactionalId(groupId, taskId));
      await wire.call(peer, 'commit unit', () => this.#decide(offsets), true, unknown);
    } catch (error) {
      this.dead ??= isKafkaRxError(error)
        ? error
        : new KafkaRxError('COMMIT_FAILED', 'The unit failed', { cause: error });
      watch.failed(this);
      throw error;
    } finally {
      watch.ended(this, clock.elapsed());
      this.left();
    }
  }

  async abort(): Promise<void> {
    if (!this.isOpen) return;
    this.leave();
    const { wire, peer } = this.#parts;
    try {
      await this.producer.flush();
      await wire.call(peer, 'abort unit', () => this.#inner.abort(), true);
    } catch (error) {
      this.dead ??= abortedUnit();
      throw error;
    } finally {
      this.left();
    }
  }

  /** What is open is dropped, as far as the coordinator hears of it: otherwise by whoever opens it next, or by its timeout. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const wasOpen = this.isOpen;
    const { watch, taskId, groupId } = this.#parts;
    watch.closed(transactionalId(groupId, taskId), this);
    this.dead ??= closedUnit();
    this.producer.cut(closedUnit());
    if (wasOpen) await this.#drop();
  }

  #drop(): Promise<void> {
    const { wire, peer } = this.#parts;
    return wire.call(peer, 'abort unit', () => this.#inner.close(), true).catch(() => {});
  }

  /** At the coordinator. */
  async #decide(offsets: readonly OffsetCommit[]): Promise<void> {
    const { wire, labels, taskId, groupId, watch } = this.#parts;
    const id = transactionalId(groupId, taskId);
    const { failure } = this.#inner;
    watch.arrives('a commit', failure, this);
    const heldMs = this.#parts.holdCommit(id);
    // Of this commit; whatever is held under the id later is another's.
    let [isOver, wasHeld] = [false, false];
    const told = (): void => this.#parts.committed(groupId, labels.stored(offsets), wasHeld);
    const decideIn = (delayMs: number): void =>
      wire.later(() => {
        if (isOver) return;
        if (this.#parts.decideCommit(id)) {
          [isOver, wasHeld] = [true, true];
          told();
        } else decideIn(delayMs + 1);
      }, delayMs);
    if (heldMs !== undefined) decideIn(heldMs);
    try {
      // Of all that was refused its process has heard.
      this.#inner.excuse();
      await this.#inner.commit(offsets);
      if (!wasHeld) told();
      isOver = true;
      watch.committed(this);
    } catch (error) {
      if (error === refusedCommit) this.#parts.refused();
      if (failure === undefined && isKafkaRxError(error)) watch.refused(error, this);
      // Its owner may have given it up while it is held.
      if (heldMs !== undefined) isOver = this.#parts.letCommit(id) || isOver;
      throw error;
    }
  }
}
