import { type Coordinates, KafkaRxError, told } from '../../errors/errors.js';

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
