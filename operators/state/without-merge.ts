import { KafkaRxError } from '../../lib/errors/errors.js';

/** Sessions were asked for, and nobody says what two of them become. */
export function withoutMerge(operator: string): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', `${operator}: sessions need merge: two of them may become one`, {
    remedy: 'Give { merge: (earlier, later) => … }; the aggregates of kafka-rx/state have one',
  });
}
