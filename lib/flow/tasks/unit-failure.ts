import type { TopicPartition } from '../../drivers/port.js';
import { type Coordinates, KafkaRxError, told } from '../../errors/errors.js';
import type { FailingTask } from '../commit/task-commit.js';

/** The same error as that with which the app fails: of a task, and with what to do about it. */
export function failingAt(
  error: KafkaRxError,
  at: Coordinates | undefined,
  remedy = error.remedy,
): KafkaRxError {
  const { code, path, retriable, rule } = error;
  return new KafkaRxError(code, told(error).what, {
    ...{ at: error.at ?? at, cause: error, path, remedy, retriable, rule },
  });
}

/** What to do where the group tells of no other owner. */
export function takenBy(transactionalId: string): string {
  return `Another program uses the transactional id '${transactionalId}': stop it, or take another groupId`;
}

/** What a unit failed with, and of which inputs. */
export interface LastFailure {
  readonly inputs: readonly TopicPartition[];
  readonly error: KafkaRxError;
}

/** @param isGivenUp it is not opened anew yet; once it is, it waits for nobody */
export function failingTasks(
  last: LastFailure | undefined,
  failures: number,
  isGivenUp: boolean,
): readonly FailingTask[] {
  if (last === undefined) return [];
  const { inputs, error } = last;
  const isTaken = error.code === 'COMMIT_REFUSED' && isGivenUp;
  if (!isTaken && failures < 2) return [];
  return inputs.map(({ topic, partition }) => ({ topic, partition, failures, error, isTaken }));
}
