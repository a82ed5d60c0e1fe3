import type { Subscriber } from 'rxjs';
import { isKafkaRxError } from '../../lib/errors/errors.js';
import { processFailed } from '../../lib/errors/policies/process-failed.js';
import type { Verdict } from '../../lib/flow/leases/delivery.js';
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
