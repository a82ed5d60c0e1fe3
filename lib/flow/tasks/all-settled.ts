import type { Task } from '../source/partition-lane.js';

/**
 * At the barrier of a task: waits until all that it has handed out has settled, and what operators hold back to there is out and has settled as well, one
 * operator after the other, since what the one hands on may come to the next.
 *
 * @param quiet resolves when nothing of the task is pending but what a failure holds
 * @param isOver its unit is given up, or its epoch is over
 * @returns whether it is whole
 */
export async function allSettled(
  task: Task,
  quiet: (task: Task) => Promise<void>,
  isOver: (task: Task) => boolean,
): Promise<boolean> {
  do {
    // A step that passes a gap, at which the barrier may begin, hands out the record behind it as well.
    do await quiet(task);
    while (!isOver(task) && !task.quiet);
    // What a failure holds will never be whole.
    if (isOver(task) || task.unsettled > 0) return false;
  } while (task.jobs.release());
  return true;
}
