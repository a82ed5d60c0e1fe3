import type { Clock } from '../../base/clock.js';
import type { TaskCommit } from '../commit/task-commit.js';
import type { Delivery, Lane } from '../leases/delivery.js';
import type { HandOut } from './hand-out.js';
import type { InFlight } from './in-flight.js';
import type { Pace } from './pace.js';
import type { PartitionLane, Task } from './partition-lane.js';

export interface JobTurnsParts {
  readonly clock: Clock;
  readonly pace: Pace;
  readonly inFlight: InFlight;
  readonly handOut: HandOut;
  readonly commit: Pick<TaskCommit, 'handedOut'>;
  /** What is gathered moves on. */
  flush(): void;
  wake(): void;
  /** Nothing is left to do of it: its inputs may go on. */
  done(task: Task): void;
}

/** Parts of jobs in one turn of a task: where no time passes within a turn, other things are to happen in between as well. */
const partsAtOnce = 16;

/**
 * The turns of tasks that have something left to do. No bound on records keeps them back, since what they hold of these would never settle
 * otherwise; only what waits for the brokers does.
 */
export class JobTurns {
  readonly #parts: JobTurnsParts;
  readonly #tasks = new Set<Task>();

  constructor(parts: JobTurnsParts) {
    this.#parts = parts;
  }

  /** Some task goes on by itself, or will when what is written has been acknowledged. */
  get anyAwake(): boolean {
    for (const task of this.#tasks) if (goesOn(task)) return true;
    return false;
  }

  /** It hears from the task from now on. */
  serve(task: Task): void {
    task.jobs.hear = () => this.look(task);
    task.jobs.makeTurn = near => this.#turn(task, near);
  }

  /** Something may be left to do of it, or it is to come to rest, or may go on. */
  look(task: Task): void {
    const { jobs } = task;
    if (jobs.anyWaiting && task.caughtUp) jobs.caughtUp();
    if (!jobs.any) return;
    this.#tasks.add(task);
    if (goesOn(task)) this.#parts.wake();
  }

  /** Goes on with each of them for a while. */
  run(): void {
    if (this.#tasks.size === 0) return;
    const { clock, pace, handOut, commit, wake } = this.#parts;
    const until = clock.elapsed() + pace.turnMs;
    for (const task of [...this.#tasks]) {
      const first = task.inputs[0];
      if (first === undefined || !task.jobs.any) {
        this.#tasks.delete(task);
        if (first !== undefined) this.#parts.done(task);
        continue;
      }
      if (!goesOn(task)) continue;
      if (this.#isFull()) return;
      // Behind the others, where there is no time for all.
      this.#tasks.delete(task);
      this.#tasks.add(task);
      for (let parts = 0; parts < partsAtOnce && goesOn(task) && !handOut.halted; parts++) {
        task.jobs.run(task.rests);
        if (clock.elapsed() >= until || this.#parts.inFlight.bufferFull) break;
      }
      if (handOut.halted) return;
      commit.handedOut(first);
      if (!task.jobs.any) {
        this.#tasks.delete(task);
        this.#parts.done(task);
      }
      if (clock.elapsed() >= until) break;
    }
    if (this.anyAwake) wake();
  }

  #isFull(): boolean {
    const { inFlight, flush, clock, pace, wake } = this.#parts;
    if (!inFlight.bufferFull) return false;
    flush();
    if (!inFlight.bufferFull) return false;
    clock.schedule(wake, pace.flushMs);
    return true;
  }

  #turn(task: Task, near: Lane | undefined): Delivery | undefined {
    const preferred = task.inputs.find(input => input === near && input.position >= 0);
    const lane =
      preferred ?? task.inputs.find(({ position }) => position >= 0) ?? task.inputs.find(restoredAt);
    const position = lane && (lane.position >= 0 ? lane.position : restoredAt(lane));
    if (lane === undefined || position === undefined) return undefined;
    if (lane.unsettled === 0) lane.watermarkMovedAt = this.#parts.clock.elapsed();
    return this.#parts.handOut.turn(lane, position);
  }
}

function goesOn({ jobs, rests, ended }: Task): boolean {
  return jobs.any && !ended && (!rests || jobs.isAwake);
}

/** Where it will go on, if nothing of it was handed out in its epoch. */
function restoredAt({ states, topic }: PartitionLane): number | undefined {
  return states?.positionOf(topic);
}
