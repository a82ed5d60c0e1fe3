import { Buffer } from 'node:buffer';
import type { ProtectedField } from '../../card/protected-field.js';
import { containsCardNumber } from '../../card/scan.js';
import { UnmaskedField } from '../../codecs/declared.js';
import type { WriteGuard } from '../../stores/port.js';
import { unmaskedBeside } from './beside-value.js';
import { fewestBytes, lookAtPart } from './look-beside.js';

/**
 * What stores ask of the bytes and text that they make of a document, by the rules of the app's sinks: the value was looked at, but
 * what is looked at here is what is written.
 *
 * @param encoder the guarded `encode` of a codec, as for topics
 */
export function createWriteGuard(
  fields: readonly ProtectedField[],
  scan: boolean,
  encoder: WriteGuard['encoder'],
): WriteGuard {
  const fewest = fewestBytes(fields);
  return {
    encoder(codec) {
      const encode = encoder(codec);
      if (!scan) return encode;
      return value => {
        const bytes = encode(value);
        if (bytes !== null && containsCardNumber(bytes))
          throw new UnmaskedField(undefined, 'a card number in the document');
        return bytes;
      };
    },
    checkText(text, { value }) {
      if (text.length < fewest) return;
      const bytes = Buffer.from(text);
      if (scan && containsCardNumber(bytes))
        throw unmaskedBeside('filing', new UnmaskedField(undefined, 'a card number'));
      if (fields.length > 0) lookAtPart(bytes, () => jsonOf(value), fields, 'filing');
    },
  };
}

/** Undefined for what cannot be read. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return undefined;
  }
}
