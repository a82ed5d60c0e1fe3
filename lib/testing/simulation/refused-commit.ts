import { KafkaRxError } from '../../errors/errors.js';

/** What a commit fails with that the simulation refuses: one error, by which it is told from refusals of the library's own. */
export const refusedCommit = new KafkaRxError('COMMIT_FAILED', 'The coordinator is not available', {
  remedy: 'The simulation says so; try again.',
  retriable: true,
});
