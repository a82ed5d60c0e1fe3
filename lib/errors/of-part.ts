import { type Coordinates, KafkaRxError, told } from './errors.js';

/** What a record is written with. */
export type RecordPart = 'key' | 'value' | 'timestamp' | 'headers' | 'partition';

/**
 * An error of ours that does not say of which part of the record it is: codecs are not told whether they have a key or a value, and what
 * looks at what a function gave does not know whose it was.
 */
export function ofPart(part: RecordPart, error: KafkaRxError, node: string, at: Coordinates): KafkaRxError {
  const { code, path, remedy, retriable, rule } = error;
  const options = { at, cause: error, path, remedy, retriable, rule };
  return new KafkaRxError(code, `'${node}': of the ${part}, ${told(error).what}`, options);
}
