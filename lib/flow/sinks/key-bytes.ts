import { string } from '../../codecs/string.js';

let lastText = '';
let lastBytes: Buffer = Buffer.alloc(0);

/**
 * A text key as UTF-8. Several branches of a topology are often keyed by the one field: what was made of a text for the first sink
 * is what the next one appends, which copies it (150 ns less). Not to be changed by anybody.
 *
 * @throws `ENCODE` for half a character, which UTF-8 cannot express: keys that differ must not become one
 */
export function keyBytes(text: string): Buffer {
  if (text !== lastText) {
    // Text always has bytes: null is what other codecs may give.
    lastBytes = string.encode(text) as Buffer;
    lastText = text;
  }
  return lastBytes;
}
