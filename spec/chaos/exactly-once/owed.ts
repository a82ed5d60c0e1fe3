import { partitionForKey } from 'kafka-rx';
import { recordHash } from '../../../bench/flow/topic-sum.js';
import { outputsOf } from '../../../bench/peers/by-hand.js';
import type { Owed } from './evidence.js';

/** What is expected beside the record itself. */
export interface Owing {
  /** Partitions of each output topic. */
  readonly partitions: number;
  /** Where the dead letters go; undefined: the load has no poison. */
  readonly letters: string | undefined;
}

/**
 * What a purchase has to become, computed by hand and not by the topology: one record in each of the three outputs. A value that is no JSON,
 * which is what the load sends as poison, becomes a dead letter, whose text is not foretold.
 */
export function owedFor(value: Buffer, { partitions, letters }: Owing): readonly Owed[] {
  if (!isJson(value)) {
    if (letters === undefined)
      throw new Error('an input is no JSON, and nobody said where the dead letters go');
    return [{ topic: letters, partition: undefined, sum: undefined }];
  }
  const { zipCode, customerId, pattern, reward, purchase } = outputsOf(value);
  const owed = (topic: string, key: string, text: string): Owed => {
    const partition = partitionForKey(Buffer.from(key), partitions);
    return { topic, partition, sum: sumOf(Buffer.from(key), Buffer.from(text)) };
  };
  return [
    owed('patterns', zipCode, pattern),
    owed('rewards', customerId, reward),
    owed('purchases', customerId, purchase),
  ];
}

/** Of a record's key and value; JSON is one value however its fields are ordered. */
export function sumOf(key: Buffer | null, value: Buffer | null): number {
  const text = String(value);
  return recordHash(0, String(key), value !== null && isJson(value) ? text : JSON.stringify(text));
}

function isJson(value: Buffer): boolean {
  try {
    JSON.parse(value.toString());
    return true;
  } catch {
    return false;
  }
}
