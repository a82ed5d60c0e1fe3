import { KafkaRxError } from '../../errors/errors.js';

/** Another member may have the partitions by now: nothing is committed, or taken over, that may be his. */
export function unconfirmed(): KafkaRxError {
  return new KafkaRxError('COMMIT_FAILED', 'The group has not confirmed this member for a session timeout', {
    retriable: true,
    remedy: 'Nothing: it goes on once the group answers, or the partition goes to its new owner',
  });
}
