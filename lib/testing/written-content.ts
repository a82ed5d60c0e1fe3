import { Buffer } from 'node:buffer';
import { disregardWithin } from '../base/disregard.js';
import { kind } from '../base/option-kinds.js';
import type { Kind } from '../base/option-schema.js';
import { flawIn } from '../codecs/json-writable.js';

/** What a test writes may be what a codec is to refuse, but nothing that would come to the topic as something else. */
const limits = { maxDepth: 1_000, unsafeNumbers: 'allow' } as const;

/** Key or value of a record that a test writes. Where in it a flaw is stays untold: names of fields may be the record's. */
export const writtenKind: Kind = kind('text, bytes, null, or what JSON can hold', value => {
  const flaw = isAsItIs(value) ? undefined : flawIn(value, limits);
  if (flaw === undefined) return undefined;
  disregardWithin(value);
  return {
    path: '',
    what: `${flaw.path.length === 0 ? 'is' : 'holds'} ${flaw.what}`,
    remedy: 'Give text, bytes, null, or what JSON can hold',
  };
});

/** Text and bytes as they are, anything else as JSON. @param value of {@link writtenKind} */
export function writtenContent(value: unknown): Buffer | string | null {
  if (!isAsItIs(value)) return JSON.stringify(value);
  if (value === null || typeof value === 'string' || Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function isAsItIs(value: unknown): value is string | Uint8Array | null {
  return value === null || typeof value === 'string' || value instanceof Uint8Array;
}
