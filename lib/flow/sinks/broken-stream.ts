import { type Coordinates, errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { located } from '../../errors/located.js';

/** What came down a stream as an error: a plain operator threw, or it is an error of ours. */
export function brokenStream(error: unknown, node: string, at: Coordinates | undefined): KafkaRxError {
  if (isKafkaRxError(error)) return located(error, node, at);
  return new KafkaRxError('PROCESS', `A plain operator before '${node}' threw ${errorKind(error)}`, {
    at,
    cause: error,
    remedy:
      'Mend it, or use mapValue, which has a policy for what throws; the app builds its graph anew on restart',
  });
}
