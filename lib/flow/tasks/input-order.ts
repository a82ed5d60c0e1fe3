import type { Clock, Timer } from '../../base/clock.js';
import type { HandOut } from '../source/hand-out.js';
import type { Intake } from '../source/intake.js';
import type { PartitionLane, Task } from '../source/partition-lane.js';
import { chooseInput } from './choose-input.js';

export interface InputOrderParts {
  readonly clock: Clock;
  /** @see AppOptions.maxTaskIdleMs */
  readonly maxIdleMs: () => number;
  readonly handOut: Pick<HandOut, 'look'>;
  readonly intake: Pick<Intake, 'awaited'>;
  /** It waits no more. */
  goesOn(task: Task): void;
}

/** Which input of a task of several comes next, and until when such a task waits for one that has no record here. */
export class InputOrder {
  readonly #parts: InputOrderParts;
  readonly #timers = new Map<Task, Timer>();

  constructor(parts: InputOrderParts) {
    this.#parts = parts;
  }

  /** Whose record is next, which was looked at; undefined: none has one, or the task waits. */
  next(task: Task): PartitionLane | undefined {
    const { clock, maxIdleMs, handOut, intake } = this.#parts;
    // For each record: no list is made, and the clock asked only where it matters.
    let now = 0;
    for (const input of task.inputs) {
      if (!input.isRead) continue;
      handOut.look(input);
      if (input.head !== undefined) continue;
      now = clock.elapsed();
      // Told of its end while its last records waited for their turn, it is at it only now.
      if (input.atEnd && input.endSince < 0) input.endSince = now;
    }
    const inputs = task.filling ? task.inputs.filter(({ filled }) => !filled) : task.inputs;
    const choice = chooseInput(inputs, maxIdleMs(), now);
    if (choice.kind === 'take') {
      task.waited = undefined;
      return choice.input;
    }
    // However long it is to wait for others: what is filled already goes on behind what is not.
    const input = choice.kind === 'wait' ? choice.input : task.fillingWait;
    if (input === undefined) return undefined;
    const { waited } = task;
    task.wait = waited?.input === input ? waited : { input, since: now };
    intake.awaited();
    if (choice.kind === 'wait' && Number.isFinite(choice.until))
      this.#timers.set(
        task,
        clock.schedule(() => this.lookAgain(task), choice.until - now),
      );
    return undefined;
  }

  /** Something of it has come, was answered, or is over. */
  lookAgain(task: Task): void {
    if (task.wait === undefined) return;
    this.#timers.get(task)?.cancel();
    this.#timers.delete(task);
    task.waited = task.wait;
    task.wait = undefined;
    this.#parts.goesOn(task);
  }
}
