import type { Clock } from '../../base/clock.js';
import type { TaskCommit } from '../commit/task-commit.js';
import type { InputOrder } from '../tasks/input-order.js';
import type { Bounds } from './bounds.js';
import type { HandOut } from './hand-out.js';
import type { InFlight } from './in-flight.js';
import type { Pace } from './pace.js';
import type { PartitionLane, Task } from './partition-lane.js';

export interface TaskTurnParts {
  readonly clock: Clock;
  readonly pace: Pace;
  readonly bounds: Bounds;
  readonly inFlight: InFlight;
  readonly commit: Pick<TaskCommit, 'handedOut'>;
  readonly handOut: HandOut;
  readonly order: InputOrder;
  consumed(topic: string, records: number): void;
}

/** What a task does in its turn: it hands out record by record, until it has none, its turn is over or a bound is reached. */
export class TaskTurn {
  readonly #parts: TaskTurnParts;

  constructor(parts: TaskTurnParts) {
    this.#parts = parts;
  }

  /** It is at a bound of its own: what it has handed out has to settle first. */
  isFull(task: Task): boolean {
    return task.span >= this.#parts.bounds.maxSpan || task.unsettled >= task.maxUnsettled;
  }

  /** @param now the clock's monotonic time */
  take(task: Task, now: number): void {
    const { only } = task;
    // While stores are filled again each record is looked at first, also of a single input.
    if (only === undefined || task.filling) this.#ofSeveral(task, now);
    else this.#ofOne(task, only, now);
  }

  #ofOne(task: Task, lane: PartitionLane, now: number): void {
    const { pace, clock, bounds, handOut, inFlight, consumed, commit } = this.#parts;
    const until = now + pace.turnMs;
    // Nothing held the watermark until now, however long ago it moved.
    if (lane.unsettled === 0) lane.watermarkMovedAt = now;
    let records = 0;
    const { maxUnsettled } = task;
    const limit = lane.opened + task.limit - task.opened;
    while (
      records < pace.turnRecords &&
      lane.span < bounds.maxSpan &&
      lane.unsettled < maxUnsettled &&
      lane.opened < limit &&
      !task.jobs.any &&
      !lane.draining &&
      lane.heard
    ) {
      if (!handOut.next(lane)) break;
      records++;
      if (handOut.halted || inFlight.atBound) break;
      if ((records & 31) === 0 && clock.elapsed() >= until) break;
    }
    if (records === 0) return;
    consumed(lane.topic, records);
    commit.handedOut(lane);
  }

  /** Each record of whichever input comes next. */
  #ofSeveral(task: Task, now: number): void {
    const { pace, clock, handOut, inFlight, order, consumed, commit } = this.#parts;
    const until = now + pace.turnMs;
    const handedOut = new Map<PartitionLane, number>();
    let records = 0;
    while (records < pace.turnRecords && task.opened < task.limit && !this.isFull(task) && !task.jobs.any) {
      const lane = order.next(task);
      if (lane === undefined) break;
      if (lane.unsettled === 0) lane.watermarkMovedAt = now;
      handOut.nextLookedAt(lane);
      handedOut.set(lane, (handedOut.get(lane) ?? 0) + 1);
      records++;
      if (handOut.halted || inFlight.atBound) break;
      if ((records & 31) === 0 && clock.elapsed() >= until) break;
    }
    for (const [lane, count] of handedOut) consumed(lane.topic, count);
    const { filled } = task;
    if (filled) task.stopAt();
    for (const lane of filled ? task.inputs : handedOut.keys()) commit.handedOut(lane);
  }
}
