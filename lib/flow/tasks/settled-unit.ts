import { withSection } from '../../base/commit-metadata.js';
import type { OffsetCommit } from '../../drivers/port.js';
import { type Coordinates, errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import type { CommitTarget, CommitTrigger } from '../commit/commit-cycle.js';
import type { Task } from '../source/partition-lane.js';
import type { SealedStates, UnitStates } from './task-unit-host.js';
import type { CommittedUnit } from './unit-pace.js';
import type { UnitProducer } from './unit-producer.js';

/**
 * How far each input is settled of which something was handed out; in one commit, never split.
 *
 * @param time of the task, which is told with each
 */
export function offsetsOf(task: Task, time: number | undefined): readonly OffsetCommit[] {
  const told = time === undefined ? undefined : { metadata: withSection('', 'time', String(time)) };
  return task.inputs
    .filter(({ watermark }) => watermark.offset >= 0)
    .map(({ topic, partition, epoch, watermark: { offset } }) => ({
      ...{ topic, partition, epoch, offset },
      ...told,
    }));
}

/** How far each input was handed out. */
export function positionsOf({ inputs }: Task): readonly OffsetCommit[] {
  return inputs.map(({ topic, partition, epoch, position }) => {
    return { topic, partition, epoch, offset: Math.max(0, position) };
  });
}

/**
 * Where a unit begins, by the first of its task's inputs that has a record; undefined where none has.
 *
 * @param committed last, in this epoch
 */
export function beginningOf({ inputs }: Task, committed: readonly OffsetCommit[]): Coordinates | undefined {
  for (const { topic, partition, firstOffset } of inputs) {
    const last = committed.find(one => one.topic === topic && one.partition === partition);
    const offset = last?.offset ?? firstOffset;
    if (offset >= 0) return { topic, partition, offset };
  }
  return undefined;
}

/** A unit of which all has settled. */
export interface SettledUnit extends CommittedUnit {
  readonly trigger: CommitTrigger;
  /** Where its records end. */
  readonly offsets: readonly OffsetCommit[];
  readonly records: number;
}

/** Why a commit has failed; undefined: it has not. */
export async function failureOf(
  target: CommitTarget,
  offsets: readonly OffsetCommit[],
  at: Task,
): Promise<KafkaRxError | undefined> {
  try {
    await target.commit(offsets);
    return undefined;
  } catch (cause) {
    return isKafkaRxError(cause) ? cause : unexpected(cause, at);
  }
}

/** What nobody had thought of, as an error of ours. */
export function unexpected(cause: unknown, { name, inputs: [first] }: Task): KafkaRxError {
  return new KafkaRxError(
    'COMMIT_FAILED',
    `A unit of work of ${name} could not be committed: ${errorKind(cause)}`,
    {
      at: first && { topic: first.topic, partition: first.partition, offset: Math.max(0, first.waitingAt) },
      cause,
      remedy: 'Nothing of it was committed: its records come again, after a restart at the latest',
    },
  );
}

/** Memory is there for what a unit has changed, once what was committed before is where it lies. @returns why it cannot be put there */
export async function relieved(
  states: UnitStates | undefined,
  task: Task,
): Promise<KafkaRxError | undefined> {
  try {
    await states?.pressure();
    return undefined;
  } catch (cause) {
    return isKafkaRxError(cause) ? cause : unexpected(cause, task);
  }
}

/**
 * What the task keeps is sealed, with what commits it. Of a row that may not be written nobody knows which record put it: the error is the unit's,
 * whose records come again and are looked at one by one.
 */
export function sealedOf(
  states: UnitStates | undefined,
  producer: UnitProducer,
  offsets: readonly OffsetCommit[],
  task: Task,
): SealedStates | KafkaRxError | undefined {
  try {
    return states?.seal(producer, offsets);
  } catch (cause) {
    return isKafkaRxError(cause) ? cause : unexpected(cause, task);
  }
}
