import { having } from '../base/option-kinds.js';
import type { Kind } from '../base/option-schema.js';
import type { Coordinates } from '../errors/errors.js';

/**
 * Turns bytes into a value and back: what `key` and `value` of a source or sink take.
 *
 * `decode` throws a `KafkaRxError` with code `DECODE` (rule and path, never the value) and gives the coordinates it
 * was handed; `encode` throws `ENCODE`. `null` is Kafka's missing key or tombstone: a codec refuses it unless it is
 * wrapped in `nullable`.
 *
 * @category Codecs @since 0.1.0
 */
export interface Codec<T> {
  /** For messages and `describe()`, such as `json(Purchase)`. */
  readonly name: string;
  decode(bytes: Buffer | null, at: Coordinates): T;
  /**
   * Bytes or null, at once: text, a promise or undefined is an `ENCODE` problem of the record. The bytes are copied before
   * the sink goes on: a codec may write into one buffer again and again.
   */
  encode(value: T): Buffer | null;
  /**
   * Awaited before a fetched batch's records are decoded, so that a codec can load what it needs (a schema registry's
   * ids). Hears each record's bytes. Absent: nothing is awaited, records flow synchronously.
   */
  prepare?(batch: readonly (Buffer | null)[]): Promise<void>;
}

export const codecKind: Kind = having('a codec', 'decode', 'encode');

/** The type that a codec decodes to. */
export type TypeOf<C> = C extends Codec<infer T> ? T : never;
