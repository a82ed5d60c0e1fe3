import { doublingMs } from '../../base/backoff.js';
import type { Timer } from '../../base/clock.js';
import type { OffsetCommit, UnitOfWork } from '../../drivers/port.js';
import { type Coordinates, isKafkaRxError, type KafkaRxError } from '../../errors/errors.js';
import type { CommitTrigger, CommitUnderWay } from '../commit/commit-cycle.js';
import type { FailingTask } from '../commit/task-commit.js';
import type { Task } from '../source/partition-lane.js';
import { allSettled } from './all-settled.js';
import {
  beginningOf,
  failureOf,
  offsetsOf,
  positionsOf,
  relieved,
  type SettledUnit,
  sealedOf,
  unexpected,
} from './settled-unit.js';
import type { SealedStates, TaskUnitHost } from './task-unit-host.js';
import { failingAt, failingTasks, type LastFailure, takenBy } from './unit-failure.js';
import type { UnitPace } from './unit-pace.js';
import { openBoth, type Way } from './unit-ways.js';

/** Tries of a unit of one record that no repetition seems to mend, before the app fails with what refuses it. */
const triesOfOne = 3;
/** Session timeouts within which nobody is late twice to open a unit. */
const sessionsBetweenRefusals = 10;
const [firstDelayMs, longestDelayMs] = [100, 5_000];

/**
 * A task under exactly once: its records, outputs and offsets become durable together, unit by unit. At a barrier it hands out nothing
 * more and all that it has handed out settles; then the positions of all its inputs are committed with all that was written, while it goes on in the next
 * unit. It has two units of work for that, which take turns.
 *
 * ```
 * records   --1-2-3-4-------5-6-7--------8--
 * settled   -----1--3--2-4|---5---6-7|------
 * unit 1    ..............[commit 4]........      (its outputs can be seen from here on)
 * unit 2    ................................[commit 7]
 * ```
 *
 * Where a unit fails, what it wrote is dropped, with what the next one has written by then, and their records come again, in fewer at a
 * time.
 */
export class TaskUnit {
  readonly #host: TaskUnitHost;
  readonly #pace: UnitPace;
  /** The topics that it has written to, or was to. */
  readonly #written = new Set<string>();
  /** In its epoch. */
  #task: Task | undefined;
  /** The first is the one that is written to. */
  #ways: readonly [Way, Way] | undefined;
  /** One after the other: what is opened fences what was opened before. */
  #opening: Promise<unknown> = Promise.resolve();
  /** What was opened last, or is. */
  #opens: { readonly task: Task; readonly opened: Promise<void> } | undefined;
  /** To the next barrier. */
  #timer: Timer | undefined;
  /** To what follows a unit that failed: whatever settles meanwhile does not end this wait. */
  #retry: Timer | undefined;
  /** Of this epoch, as what is being committed. */
  #settling: Promise<void> | undefined;
  #committing: Promise<void> | undefined;
  #underWay: CommitUnderWay | undefined;
  /** Sequence numbers given out when the unit began. */
  #begunAt = 0;
  /** Units that failed, one after the other, and of these such of one record. */
  #failures = 0;
  #failuresOfOne = 0;
  /** What the last one failed with, and of which partition; undefined: it was committed, or is somebody else's affair. */
  #failing: LastFailure | undefined;
  /** Of the first of those that stalled since the last that was committed: what it called may be under way still, and what later ones wait for. */
  #stalled: KafkaRxError | undefined;
  /** In this epoch. */
  #committed: readonly OffsetCommit[] = [];
  #failedAt: Coordinates | undefined;
  /** It ends the epoch itself, and goes on in the next. */
  #isRewinding = false;
  /** When another owner last had the task, of which the group told nothing; on the clock's monotonic time. */
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** A unit of this epoch has failed: it is given up, or ended by whoever ends it first. */
  #failed = false;

  constructor(host: TaskUnitHost, pace: UnitPace) {
    this.#host = host;
    this.#pace = pace;
  }

  /** Of the assignment in which it was opened last, or is. */
  get task(): Task | undefined {
    return this.#opens?.task;
  }

  /** What is being committed now. */
  get underWay(): CommitUnderWay | undefined {
    return this.#underWay;
  }

  /** Its units fail again and again, or somebody else has opened them; also while they are opened anew. By its inputs. */
  get failing(): readonly FailingTask[] {
    return failingTasks(this.#failing, this.#failures, this.#failed);
  }

  /** Where the unit began that failed last; undefined: none has. */
  get failedAt(): Coordinates | undefined {
    return this.#failedAt;
  }

  /** Before anything of this epoch is looked up: nobody else commits for the task from then on. Once for all of its inputs, which each ask. */
  open(task: Task): Promise<void> {
    if (this.#opens?.task === task) return this.#opens.opened;
    const opened = this.#opening.then(() => this.#open(task));
    this.#opens = { task, opened };
    this.#opening = opened.catch(() => {
      // Whoever asks again has it opened again.
      if (this.#opens?.opened === opened) this.#opens = undefined;
    });
    return opened;
  }

  async #open(task: Task): Promise<void> {
    if (task.ended) return;
    const ways = await this.#openBoth();
    await this.#restore(task, ways);
    if (task.ended) {
      await this.#close(ways);
      return;
    }
    this.#task = task;
    this.#ways = ways;
    this.#failed = false;
    this.#committed = [];
    this.#begunAt = task.opened;
    this.#begin(task, ways[0]);
    this.#host.states?.begins(task);
  }

  /** Nobody else writes for the task any more: what it keeps is as the last one left it. */
  async #restore(task: Task, ways: readonly Way[]): Promise<void> {
    const { states } = this.#host;
    if (states === undefined) return;
    try {
      await states.restore(task);
    } catch (error) {
      await this.#close(ways);
      throw error;
    }
    for (const input of task.inputs) input.states = states.tables;
  }

  #openBoth(): Promise<readonly [Way, Way]> {
    return openBoth(this.#host, this.#written, {
      // Once it has failed the pace is the next one's, and what this one wrote is dropped.
      isSingle: () => !this.#failed && this.#pace.isSingle,
      refused: (unit, error) => this.#refused(unit, error),
    });
  }

  #begin(task: Task, { producer, channel }: Way): void {
    try {
      producer.begin();
    } catch (cause) {
      // Another may have opened it meanwhile.
      this.#drop(task, isKafkaRxError(cause) ? cause : unexpected(cause, task));
      return;
    }
    task.writeTo(channel.slot, this.#host.isOnce);
    this.#goOn(task);
  }

  #goOn(task: Task): void {
    this.#begunAt = task.opened;
    task.goOn(this.#pace.maxRecords, this.#pace.maxUnsettled);
    this.#host.goOn(task);
  }

  /** Something of it was handed out, or the log went on without a record: there is something to commit. */
  handedOut(): void {
    const task = this.#task;
    if (task === undefined || this.#failed || this.#settling !== undefined) return;
    if (task.opened >= task.limit || this.#host.states?.isFull === true) this.#barrier('every');
    else this.#timer ??= this.#host.clock.schedule(() => this.#barrier('interval'), this.#pace.intervalMs);
  }

  /** Commits what there is. Never rejects. */
  async flush(): Promise<void> {
    await this.#settling;
    this.#barrier('flush');
    await this.#settling;
    await this.#committing;
  }

  /** The epoch is over: what is open of it is dropped. Resolves when that is done. */
  end(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#retry?.cancel();
    this.#retry = undefined;
    // A commit that nobody answers is that epoch's affair.
    this.#settling = this.#committing = this.#underWay = undefined;
    this.#host.states?.abort();
    const ways = this.#ways;
    this.#task = undefined;
    this.#ways = undefined;
    // Whoever has it next tells of its own.
    if (!this.#isRewinding) this.#failing = this.#stalled = undefined;
    if (ways === undefined) return this.#opening.then(() => {});
    const closed = this.#close(ways);
    // Whoever opens the next one does so when this is closed.
    this.#opening = this.#opening.then(() => closed).catch(() => {});
    return closed;
  }

  async #close(ways: readonly Way[]): Promise<void> {
    await Promise.all(ways.map(({ channel }) => this.#host.closeChannel(channel)));
  }

  #barrier(trigger: CommitTrigger): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const task = this.#task;
    if (task === undefined || this.#failed || this.#settling !== undefined) return;
    const settling = this.#settle(task, trigger)
      .catch(cause => this.#host.fail(unexpected(cause, task)))
      .finally(() => {
        if (this.#settling !== settling) return;
        this.#settling = undefined;
        // What was handed out in the same turn in which the next unit began.
        if (task.opened > this.#begunAt && task.limit > task.opened) this.handedOut();
      });
    this.#settling = settling;
  }

  async #settle(task: Task, trigger: CommitTrigger): Promise<void> {
    const { clock } = this.#host;
    // What comes while all settles is no backlog: it goes on when that is done, at any pace.
    const behind = task.isBehind;
    task.stopAt();
    const { unsettled } = task;
    const begun = clock.elapsed();
    const { quiet } = this.#host;
    if (!(await allSettled(task, quiet, one => this.#isOver(one)))) return;
    const settleMs = clock.elapsed() - begun;
    // One is committed after the other.
    await this.#committing;
    const held = await relieved(this.#host.states, task);
    if (this.#isOver(task) || this.#ways === undefined) return;
    const offsets = offsetsOf(task, this.#host.time(task));
    if (task.opened === this.#begunAt || offsets.length === 0) {
      this.#goOn(task);
      return;
    }
    const [now, next] = this.#ways;
    const records = task.opened - this.#begunAt;
    const states = held ?? sealedOf(this.#host.states, now.producer, offsets, task);
    if (isKafkaRxError(states)) {
      this.#drop(task, states);
      return;
    }
    const committing = this.#commit(task, now.unit, states, {
      trigger,
      offsets: states?.offsets ?? offsets,
      records,
      unsettled,
      settleMs,
      behind,
    });
    this.#committing = committing
      .catch(cause => this.#host.fail(unexpected(cause, task)))
      .finally(() => {
        if (this.#isOf(task)) this.#committing = undefined;
      });
    this.#ways = [next, now];
    this.#begin(task, next);
  }

  async #commit(
    task: Task,
    unit: UnitOfWork,
    states: SealedStates | undefined,
    settled: SettledUnit,
  ): Promise<void> {
    const { clock } = this.#host;
    const { trigger, offsets, records } = settled;
    const since = clock.elapsed();
    this.#underWay = { offsets, since, failures: 0, error: undefined };
    const error = await failureOf(this.#host.through(unit), offsets, task);
    if (this.#isOf(task)) this.#underWay = undefined;
    const tookMs = clock.elapsed() - since;
    this.#host.told({ trigger, offsets, tookMs, error });
    if (this.#isOver(task)) return;
    if (error !== undefined) {
      this.#giveUp(task, error, records);
      return;
    }
    states?.committed();
    this.#committed = offsets;
    this.#failures = 0;
    this.#failuresOfOne = 0;
    this.#failing = this.#stalled = undefined;
    this.#pace.committed(settled, tookMs);
  }

  #isOf(task: Task): boolean {
    return this.#task === task;
  }

  #isOver(task: Task): boolean {
    return task.ended || !this.#isOf(task) || this.#failed;
  }

  /**
   * A record of it has not settled for too long. Where its unit holds others it may have waited for these, or with them for those of other
   * tasks: the unit is dropped.
   *
   * @returns what the app is to fail with; undefined: fewer come again
   */
  stalled(error: KafkaRxError): KafkaRxError | undefined {
    const task = this.#task;
    // What was given up, and is held, is there again after a restart.
    if (task === undefined || task.inputs.some(({ held }) => held > 0)) return error;
    this.#stalled ??= error;
    if (this.#pace.isSingle || task.opened - this.#begunAt < 2) return this.#stalled;
    this.#drop(task, error);
    return undefined;
  }

  /** The unit cannot be committed any more: what is under way of it is done for nothing. */
  #refused(unit: UnitOfWork, error: KafkaRxError): void {
    const task = this.#task;
    if (task === undefined || this.#ways?.some(way => way.unit === unit) !== true) return;
    task.stopAt();
    // Not inside the driver's call.
    this.#host.clock.defer(() => {
      if (!this.#isOver(task) && this.#host.live) this.#drop(task, error);
    });
  }

  /** What is written to of it will not be committed: that is told as of the commit that is not made. */
  #drop(task: Task, error: KafkaRxError): void {
    this.#host.told({ trigger: 'interval', offsets: positionsOf(task), tookMs: 0, error });
    this.#giveUp(task, error, task.opened - this.#begunAt);
  }

  /** @param records of the unit that failed */
  #giveUp(task: Task, error: KafkaRxError, records: number): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#failing = { inputs: task.inputs, error };
    this.#failedAt = beginningOf(task, this.#committed) ?? this.#failedAt;
    task.stopAt();
    task.abandon();
    if (error.code === 'CONFIGURATION') {
      this.#host.fail(error);
      return;
    }
    // Another owner has the task, of which the group tells within its session. Where it does not, a member that it has gone on without was
    // late to open the unit, and will not do so again; or there is an owner outside of the group, who does.
    if (error.code === 'COMMIT_REFUSED') {
      const now = this.#host.clock.elapsed();
      const again = now - this.#refusedAt < sessionsBetweenRefusals * this.#host.sessionTimeoutMs;
      this.#after(task, 2 * this.#host.sessionTimeoutMs, () => {
        this.#refusedAt = now;
        if (again) this.#host.fail(failingAt(error, this.#failedAt, takenBy(this.#host.transactionalId)));
        else this.#rewind(task);
      });
      return;
    }
    if (this.#pace.isSingle && !error.retriable && ++this.#failuresOfOne >= triesOfOne) {
      this.#host.fail(failingAt(error, this.#failedAt));
      return;
    }
    this.#pace.aborted(records);
    const delayMs = this.#failures++ === 0 ? 0 : doublingMs(this.#failures - 1, firstDelayMs, longestDelayMs);
    this.#after(task, delayMs, () => this.#rewind(task));
  }

  #rewind(task: Task): void {
    this.#isRewinding = true;
    this.#host.rewind(task);
    this.#isRewinding = false;
  }

  #after(task: Task, delayMs: number, then: () => void): void {
    this.#retry = this.#host.clock.schedule(() => {
      this.#retry = undefined;
      if (!task.ended && this.#isOf(task) && this.#host.live) then();
    }, delayMs);
  }
}
