import { type Coordinates, KafkaRxError, told } from './errors.js';
import { tried } from './tried.js';

/**
 * An error of ours as a node tells it: with the node's name and the record's coordinates, where it was thrown by something that
 * knows neither. Its message holds no value and may be told.
 *
 * @param tries how often it was tried
 */
export function located(
  error: KafkaRxError,
  node: string,
  at: Coordinates | undefined,
  tries = 1,
): KafkaRxError {
  if (at === undefined || (error.at !== undefined && tries === 1)) return error;
  const { code, path, remedy, retriable, rule } = error;
  const options = { at: error.at ?? at, cause: error, path, remedy, retriable, rule };
  return new KafkaRxError(code, `'${node}': ${told(error).what}${tried(tries)}`, options);
}
