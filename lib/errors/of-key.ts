import { type Coordinates, KafkaRxError, told } from './errors.js';

/** What a codec threw at a record's key, which it may take for a value: codecs are not told which of the two they have. */
export function ofKey(error: KafkaRxError, node: string, at: Coordinates): KafkaRxError {
  const { code, path, remedy, retriable, rule } = error;
  const options = { at, cause: error, path, remedy, retriable, rule };
  return new KafkaRxError(code, `'${node}': of the key, ${told(error).what}`, options);
}
