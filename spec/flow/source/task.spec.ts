/** A task of several inputs, as a whole. */
import type { TaskLane } from '../../../lib/flow/source/task.js';
import { TaskOf } from '../../../lib/flow/source/task.js';

function lane(given: Partial<TaskLane> = {}): TaskLane {
  return {
    ...{ opened: 0, unsettled: 0, span: 0, hasWork: false, heard: true, quiet: true, filled: true },
    isRead: true,
    ...{ outputSlot: 0, internalSlot: 0, atBarrier: false, abandoned: false },
    ...{ caughtUp: true, draining: false, beyond: 'unknown' as const },
    ...given,
  };
}

function taskOf(...inputs: readonly TaskLane[]) {
  const task = new TaskOf<TaskLane>('a+b/0');
  for (const input of inputs) task.add(input);
  return task;
}

test('counts what is under way of all its inputs, and spans as far as the widest', () => {
  const task = taskOf(lane({ opened: 3, unsettled: 2, span: 3 }), lane({ opened: 9, unsettled: 5, span: 7 }));
  expect([task.opened, task.unsettled, task.span]).toEqual([12, 7, 7]);
});

test.each([
  [true, true],
  [true, false],
  [false, true],
])('is quiet when all of them are: %p, %p', (one, other) => {
  expect(taskOf(lane({ quiet: one }), lane({ quiet: other })).quiet).toBe(one && other);
});

test('is behind with a record in hand, and with one that the brokers hold, while it waits for neither', () => {
  expect(taskOf(lane(), lane({ beyond: 'end' })).isBehind).toBe(false);
  expect(taskOf(lane(), lane({ hasWork: true })).isBehind).toBe(true);
  const task = taskOf(lane(), lane({ beyond: 'more' }));
  expect(task.isBehind).toBe(true);
  task.wait = { input: lane(), since: 0 };
  expect(task.isBehind).toBe(false);
});

test('tells all of them', () => {
  const inputs = [lane({ opened: 2 }), lane({ opened: 3 })];
  const task = taskOf(...inputs);
  const told = () => inputs.map(({ outputSlot, atBarrier, abandoned }) => [outputSlot, atBarrier, abandoned]);
  task.writeTo(4, true);
  task.stopAt();
  expect([told(), task.limit]).toEqual([[4, 4].map(slot => [slot, true, false]), 5]);
  task.goOn(10, 6);
  expect([told(), task.limit, task.maxUnsettled]).toEqual([[4, 4].map(slot => [slot, false, false]), 15, 6]);
  task.abandon();
  expect(told()).toEqual([4, 4].map(slot => [slot, false, true]));
});

test('has ended as soon as one of them has, and forgets nothing of what that had opened', () => {
  const [one, other] = [lane({ opened: 2 }), lane({ opened: 3 })] as const;
  const task = taskOf(one, other);
  expect(task.ended).toBe(false);
  task.remove(one);
  expect([task.ended, task.inputs, task.opened]).toEqual([true, [other], 5]);
  // It had several: its next record may have been looked at.
  expect(task.only).toBeUndefined();
});

test('may hand out where one has a record and is heard, below its limit, and while it waits for none', () => {
  const ready = lane({ hasWork: true });
  expect(taskOf(lane(), lane()).mayHandOut).toBe(false);
  expect(taskOf(lane({ hasWork: true, heard: false }), lane()).mayHandOut).toBe(false);
  const task = taskOf(lane(), ready);
  expect(task.mayHandOut).toBe(true);
  task.wait = { input: ready, since: 0 };
  expect(task.mayHandOut).toBe(false);
  task.wait = undefined;
  task.stopAt();
  expect(task.mayHandOut).toBe(false);
});

test('waits, while stores are filled again, for an input that is not and has nothing here, with records of others in hand', () => {
  const [filled, empty] = [lane({ hasWork: true }), lane({ filled: false })];
  const task = taskOf(filled, empty);
  expect([task.fillingWait, taskOf(lane({ hasWork: true }), lane()).fillingWait]).toEqual([
    undefined,
    undefined,
  ]);
  task.filling = true;
  expect([task.fillingWait, task.mayHandOut]).toEqual([empty, true]);
  task.wait = { input: empty, since: 0 };
  expect(task.mayHandOut).toBe(false);
  for (const other of [
    lane({ filled: false, hasWork: true }),
    lane({ filled: false, isRead: false }),
    lane(),
  ]) {
    const without = taskOf(filled, other);
    without.filling = true;
    expect(without.fillingWait).toBeUndefined();
  }
  // With nothing in hand nobody waits for it.
  const idle = taskOf(lane(), lane({ filled: false }));
  idle.filling = true;
  expect([idle.fillingWait, idle.mayHandOut]).toEqual([undefined, false]);
});
