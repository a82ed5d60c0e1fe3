import type { Coordinates } from '../../lib/errors/errors.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { testRecord } from '../../lib/testing/index.js';

/** Records of one partition for a marble diagram: `a` has offset 0 and the first value, `b` offset 1 and so on. */
export function numbered<V>(...values: readonly V[]): Record<string, KafkaRecord<null, V>> {
  return Object.fromEntries(values.map((value, offset) => [letter(offset), testRecord({ value, offset })]));
}

/** The coordinates that `settled$` emits for the first records of `numbered`. */
export const coordinates: Record<string, Coordinates> = Object.fromEntries(
  Array.from({ length: 26 }, (_, offset) => [letter(offset), { topic: 'test', partition: 0, offset }]),
);

function letter(offset: number): string {
  return String.fromCharCode(97 + offset);
}
