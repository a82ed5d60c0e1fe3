/** What a unit of work is refused with, by every driver: a wrong call, another owner, time, and what nobody answered. */
import { KafkaRxError } from '../errors/errors.js';

export function notBegun(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'The unit of work has not begun', { remedy: 'Call `begin` first.' });
}

export function begunAlready(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'The unit of work has begun already', {
    remedy: 'Commit or abort it before the next `begin`.',
  });
}

export function endingAlready(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'The unit of work is being committed or aborted already', {
    remedy: 'Wait for that before the next call.',
  });
}

export function withoutOffsets(): KafkaRxError {
  return new KafkaRxError(
    'DRIVER',
    'A unit of work is committed with the offsets of its task, and there are none',
    {
      remedy:
        'Name where each of its partitions stands, moved or not: by that the group refuses who has lost them.',
    },
  );
}

export function abortedUnit(): KafkaRxError {
  return new KafkaRxError('PRODUCE', 'The unit of work was aborted', {
    remedy: 'Its records are made again.',
  });
}

export function outsideOfUnit(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'A record was appended outside of its unit of work', {
    remedy: 'Append between `begin` and `commit`.',
  });
}

export function closedUnit(): KafkaRxError {
  return new KafkaRxError('CLOSED', 'The unit of work was closed', { remedy: 'Open it anew.' });
}

export function notAMember(): KafkaRxError {
  return new KafkaRxError('COMMIT_REFUSED', 'This connection has no member in the group', {
    remedy: 'Start the consumer before the unit of work is committed.',
  });
}

/** @param told by the brokers, as they name it */
export function fencedUnit(
  transactionalId: string,
  told?: { readonly type: string; readonly cause: unknown },
): KafkaRxError {
  const why = told === undefined ? '' : `: ${told.type}`;
  return new KafkaRxError(
    'COMMIT_REFUSED',
    `Transaction ${transactionalId} was opened by another owner${why}`,
    {
      cause: told?.cause,
      remedy:
        'Give the task up: nothing of the unit was committed. Open it anew only if the task is still assigned.',
    },
  );
}

export function overdueUnit(transactionalId: string, timeoutMs: number, cause?: unknown): KafkaRxError {
  return new KafkaRxError(
    'TRANSACTION_TIMEOUT',
    `Transaction ${transactionalId} was open for longer than ${timeoutMs} ms, and the brokers aborted it`,
    {
      cause,
      remedy:
        'Open it anew. Where that comes again: shorten the work of a unit, or raise its transaction timeout.',
    },
  );
}

export function undecidedUnit(transactionalId: string, cause?: unknown): KafkaRxError {
  return new KafkaRxError(
    'COMMIT_UNKNOWN',
    `No coordinator answered whether transaction ${transactionalId} is committed (EndTxn)`,
    {
      cause,
      remedy: 'Open it anew, which settles it, and go on from the committed offsets.',
      retriable: true,
    },
  );
}
