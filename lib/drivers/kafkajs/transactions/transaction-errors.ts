/** What becomes of a unit of work that Kafka refuses, or does not answer for. */
import { KafkaRxError } from '../../../errors/errors.js';
import { fencedUnit } from '../../unit-errors.js';
import { commitError, fatalErrorOf, kindOf } from '../errors.js';
import { protocolError } from '../protocol/protocol-error.js';

/**
 * The coordinator, or a partition's leader, knows a newer epoch of the id: it has another owner, or the coordinator has given up what was
 * open. Coordinators before Kafka 2.7 and leaders of today say the second name for it.
 */
const fences: ReadonlySet<string> = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH']);

/**
 * The brokers have forgotten the producer's id: `transactional.id.expiration.ms` have passed since the last transaction, or the leader's
 * `producer.id.expiration.ms`. Nobody has taken it away, so that it can be renewed.
 */
const expiries: ReadonlySet<string> = new Set(['INVALID_PRODUCER_ID_MAPPING', 'UNKNOWN_PRODUCER_ID']);

/** The group has gone on without the member. */
const expulsions: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'OFFSET_METADATA_TOO_LARGE',
]);

export function isFence(type: string | undefined): boolean {
  return type !== undefined && fences.has(type);
}

export function isExpiry(type: string | undefined): boolean {
  return type !== undefined && expiries.has(type);
}

export function refusedTransaction(transactionalId: string, type: string): KafkaRxError {
  const cause = protocolError('the transaction was refused', type);
  if (fences.has(type)) return fencedUnit(transactionalId, { type, cause });
  if (expulsions.has(type)) return commitError(cause);
  if (expiries.has(type)) return expiredTransaction(transactionalId, type, cause);
  if (type === 'INVALID_TRANSACTION_TIMEOUT') return timeoutTooLong(transactionalId, type, cause);
  return (
    fatalErrorOf(cause) ??
    new KafkaRxError('COMMIT_FAILED', `Kafka refuses transaction ${transactionalId}: ${type}`, {
      cause,
      remedy: 'Open the unit of work anew: nothing of it was committed.',
    })
  );
}

function expiredTransaction(transactionalId: string, type: string, cause: unknown): KafkaRxError {
  return new KafkaRxError(
    'COMMIT_FAILED',
    `The brokers have forgotten transactional id ${transactionalId}, which was unused for long: ${type}`,
    { cause, remedy: 'Do the work of the unit again: the next one begins under a new producer id.' },
  );
}

/** It was deleted while records were on their way to it, or from it. */
export function transactionWithoutTopic(transactionalId: string, what: string): KafkaRxError {
  return new KafkaRxError(
    'MISSING_TOPIC',
    `Kafka no longer has a topic that is part of transaction ${transactionalId} (${what})`,
    {
      remedy:
        'Open the unit of work anew: nothing of it was committed. Create the topic where it is written to.',
    },
  );
}

function timeoutTooLong(transactionalId: string, type: string, cause: unknown): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    `The brokers do not take the transaction timeout of ${transactionalId}: ${type}`,
    { cause, remedy: "Choose one within the brokers' transaction.max.timeout.ms (15 min by default)." },
  );
}

/** Something went wrong on this side. What is open of it must not become part of another. */
export function failedTransaction(transactionalId: string, cause: unknown): KafkaRxError {
  return new KafkaRxError('COMMIT_FAILED', `Transaction ${transactionalId} failed: ${kindOf(cause)}`, {
    cause,
    remedy: 'Open the unit of work anew, which settles it, and go on from the committed offsets.',
  });
}

/** Nobody answered in time. What was asked may have been done; it was no commit. */
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
