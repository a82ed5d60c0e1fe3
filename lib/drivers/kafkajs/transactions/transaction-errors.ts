/** What becomes of a unit of work that Kafka refuses, or does not answer for. */
import { KafkaRxError } from '../../../errors/errors.js';
import { commitError, fatalErrorOf, kindOf } from '../errors.js';

/** The id has another owner, or the coordinator gave up an open transaction of this one. */
const fences: ReadonlySet<string> = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH']);

/** The group has gone on without the member. */
const expulsions: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'OFFSET_METADATA_TOO_LARGE',
]);

export function refusedTransaction(transactionalId: string, type: string): KafkaRxError {
  const cause = Object.assign(new Error('refused'), { name: 'KafkaJSProtocolError', type });
  if (fences.has(type)) {
    return new KafkaRxError(
      'COMMIT_REFUSED',
      `Transaction ${transactionalId} was opened by another owner or timed out: ${type}`,
      { cause, remedy: 'Drop it; open the unit of work anew only if the task is still assigned.' },
    );
  }
  if (expulsions.has(type)) return commitError(cause);
  return (
    fatalErrorOf(cause) ??
    new KafkaRxError('COMMIT_FAILED', `Kafka refuses transaction ${transactionalId}: ${type}`, {
      cause,
      remedy: 'Open the unit of work anew: nothing of it was committed.',
    })
  );
}

/** Something went wrong on this side. What is open of it must not become part of another. */
export function failedTransaction(transactionalId: string, cause: unknown): KafkaRxError {
  return new KafkaRxError('COMMIT_FAILED', `Transaction ${transactionalId} failed: ${kindOf(cause)}`, {
    cause,
    remedy: 'Open the unit of work anew, which settles it, and go on from the committed offsets.',
  });
}

/** Nobody answered in time. What was asked may have been done. */
export function unansweredTransaction(transactionalId: string, what: string, reason: string): KafkaRxError {
  return new KafkaRxError(
    'COMMIT_FAILED',
    `No coordinator answered for transaction ${transactionalId} (${what}): ${reason}`,
    {
      remedy: 'Open the unit of work anew, which settles it, and go on from the committed offsets.',
      retriable: true,
    },
  );
}

export function notAMember(): KafkaRxError {
  return new KafkaRxError('COMMIT_REFUSED', 'This connection has no member in the group', {
    remedy: 'Start the consumer before the unit of work is committed.',
  });
}
