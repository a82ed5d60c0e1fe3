import type { Subscriber } from 'rxjs';
import { errorKind, isKafkaRxError, KafkaRxError } from '../../lib/errors/errors.js';
import { processFailed } from '../../lib/errors/policies/process-failed.js';
import type { Lane, Verdict } from '../../lib/flow/leases/delivery.js';
import type { KafkaRecord } from '../../lib/record/record.js';

/** Results of one part: a few hundred microseconds, and what another operator with state may have to keep waiting. */
export const resultsAtOnce = 100;

/** A part of a turn of an operator with state threw. */
export function stateFailed(
  record: KafkaRecord,
  node: string,
  cause: unknown,
  onError: Verdict | undefined,
  subscriber: Subscriber<never>,
): void {
  // Whatever is done about records that fail, all of these would.
  const verdict = isKafkaRxError(cause, 'STATE') ? 'fail' : onError;
  processFailed(record, node, cause, verdict, subscriber);
}

/**
 * What an operator does in no turn, as when a clock rings, reads its rows as well, and that may throw: the app fails then, since there is neither a record
 * whose policy decides nor a caller who hears of it.
 */
export function besideTurns({ host }: Pick<Lane, 'host'>, node: string, look: () => void): void {
  try {
    look();
  } catch (cause) {
    host.fail(isKafkaRxError(cause) ? cause : unreadable(node, cause));
  }
}

function unreadable(node: string, cause: unknown): KafkaRxError {
  return new KafkaRxError(
    'STORE',
    `What '${node}' keeps could not be read, as it looked what is due (${errorKind(cause)})`,
    {
      cause,
      remedy: 'Look at the backend of its state; nothing is lost, the changelog has it',
    },
  );
}
