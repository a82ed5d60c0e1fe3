import { defaults } from '../app/defaults.js';
import { oneOf, whole } from '../base/option-kinds.js';
import type { Fields } from '../base/option-schema.js';
import type { JsonRules } from './json-text.js';

/** @category Codecs @since 0.1.0 */
export interface JsonOptions {
  /**
   * What becomes of fields that the type does not declare, at every depth, on decode and on encode: removed, or the
   * record refused with `DECODE` or `ENCODE`. Inside `t.unknown`, and inside a codec of your own, everything is
   * declared. Default `'strip'`.
   */
  readonly unknownFields?: 'strip' | 'refuse';
  /**
   * What becomes of an object that names a field twice: refused, or the last one counts, as JSON.parse has it. Two
   * readers of such a record may see two different values. Default `'refuse'`.
   */
  readonly duplicateKeys?: 'refuse' | 'last';
  /**
   * What becomes of numbers beyond ±(2^53 - 1), of which JSON.parse may have lost digits: refused, or taken as they came
   * out; an infinite one (1e400) is always refused. On encode likewise. Default `'refuse'`.
   */
  readonly unsafeNumbers?: 'refuse' | 'allow';
  /** Bytes of one value; a longer one is refused before it is read, and is not written. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Objects and arrays within each other; a deeper value is refused, both ways. Default 64. */
  readonly maxDepth?: number;
}

/** Without a type of io-ts to strip by: what holds for the text alone. @category Codecs @since 0.1.0 */
export type JsonTextOptions = Omit<JsonOptions, 'unknownFields'>;

export const jsonOptions: Fields<JsonOptions> = {
  unknownFields: oneOf('strip', 'refuse'),
  duplicateKeys: oneOf('refuse', 'last'),
  unsafeNumbers: oneOf('refuse', 'allow'),
  maxBytes: whole(1, { endless: true }),
  // What is nested deeper than a stack is deep ends the process.
  maxDepth: whole(1, { to: 1000 }),
};

/** @internal The rules that these options make. */
export function rulesOf(options: JsonOptions, declared: JsonRules['declared']): JsonRules {
  const {
    maxBytes = defaults.json.maxBytes,
    maxDepth = defaults.json.maxDepth,
    unknownFields = defaults.json.unknownFields,
    duplicateKeys = defaults.json.duplicateKeys,
    unsafeNumbers = defaults.json.unsafeNumbers,
  } = options;
  return {
    maxBytes,
    maxDepth,
    duplicateKeys,
    unsafeNumbers,
    refuseProto: unknownFields === 'refuse',
    declared,
  };
}
