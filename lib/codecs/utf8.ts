import { isUtf8 } from 'node:buffer';
import type { Coordinates } from '../errors/errors.js';
import { decodeFailure } from './failure.js';

/**
 * The text of UTF-8 bytes, strictly: Node's own decoder puts U+FFFD where bytes are malformed, which would make two
 * different keys equal and a value different from what was sent.
 *
 * @internal
 */
export function utf8(codec: string, bytes: Buffer | null, at: Coordinates): string {
  if (bytes === null)
    throw decodeFailure(codec, 'null', 'it is null, which only nullable(codec) accepts', at);
  if (!isUtf8(bytes)) throw decodeFailure(codec, 'utf8', 'the bytes are not UTF-8', at);
  return bytes.toString();
}
