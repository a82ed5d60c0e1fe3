import { Buffer } from 'node:buffer';

/** A longer key is written faster by Node than by a loop. */
const longest = 64;

const scratch = Buffer.allocUnsafeSlow(longest);
const views = Array.from({ length: longest + 1 }, (_, length) => scratch.subarray(0, length));

let lastText = '';
let lastBytes: Buffer = Buffer.alloc(0);

/**
 * A text key as UTF-8; half a character, which UTF-8 cannot express, becomes U+FFFD. The bytes last until the next text is asked for:
 * they are appended, which copies them, and nothing is made for them. Several branches of a topology are often keyed by the
 * one field: what was made of a text for the first sink is what the next one appends. Not to be changed by anybody.
 */
export function keyBytes(text: string): Buffer {
  if (text !== lastText) {
    lastBytes = written(text) ?? Buffer.from(text);
    lastText = text;
  }
  return lastBytes;
}

/** Undefined for what is long or not ASCII. */
function written(text: string): Buffer | undefined {
  const { length } = text;
  if (length > longest) return undefined;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return undefined;
    scratch[i] = code;
  }
  return views[length];
}
