import { type Coordinates, KafkaRxError, told } from './errors.js';

/**
 * An error of ours as a node tells it: with the node's name and the record's coordinates, where it was thrown by something that
 * knows neither. Its message holds no value and may be told.
 */
export function located(error: KafkaRxError, node: string, at: Coordinates | undefined): KafkaRxError {
  if (error.at !== undefined || at === undefined) return error;
  const { code, path, remedy, retriable, rule } = error;
  const options = { at, cause: error, path, remedy, retriable, rule };
  return new KafkaRxError(code, `'${node}': ${told(error).what}`, options);
}
