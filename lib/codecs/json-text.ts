import { Buffer } from 'node:buffer';
import { disregardWithin } from '../base/disregard.js';
import { type Coordinates, errorKind, isKafkaRxError, type KafkaRxError } from '../errors/errors.js';
import { decodeFailure, encodeFailure } from './failure.js';
import { type JsonLimits, lookAt } from './json-strict.js';
import { type Flaw, flawIn } from './json-writable.js';
import { utf8 } from './utf8.js';

/** @internal What of a record's JSON is accepted; `declared` names a place in it for an error. */
export interface JsonRules extends JsonLimits {
  readonly maxBytes: number;
  readonly refuseProto: boolean;
  readonly declared: (path: readonly string[]) => string;
}

const told = {
  'too-deep': 'nested deeper than maxDepth allows',
  'duplicate-key': 'there twice',
  'unsafe-number': 'a number beyond 2^53, which loses digits',
} as const;

/**
 * JSON text and back, without types.
 *
 * @internal
 */
export function parseJson(codec: string, bytes: Buffer | null, at: Coordinates, rules: JsonRules): unknown {
  if (bytes !== null && bytes.length > rules.maxBytes) {
    throw decodeFailure(
      codec,
      'too-large',
      `its ${bytes.length} bytes are more than maxBytes, ${rules.maxBytes}`,
      at,
    );
  }
  const text = utf8(codec, bytes, at);
  if (text === '') throw decodeFailure(codec, 'empty', 'the value is empty', at);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Its SyntaxError quotes the input.
    throw decodeFailure(codec, 'json', 'the bytes are not JSON', at);
  }
  // Not null: null has no text.
  const { breach, proto } = lookAt(value, bytes ?? noBytes, rules);
  if (breach !== undefined) {
    const path = rules.declared(breach.path);
    throw decodeFailure(
      codec,
      breach.rule,
      `${path === '' ? 'the value' : path} is ${told[breach.rule]}`,
      at,
      path,
    );
  }
  if (!proto) return value;
  if (rules.refuseProto) throw decodeFailure(codec, 'proto', 'it has a field that is called __proto__', at);
  // Before the type sees it: io-ts copies with assignments, and one of an own `__proto__` changes the prototype.
  removeProto(value);
  return value;
}

const noBytes = Buffer.alloc(0);

/**
 * JSON as {@link parseJson} takes it under the same rules.
 *
 * @throws `ENCODE` with the path, where JSON has no form for something in the value, or one that would be refused or read
 *   as something else
 * @internal
 */
export function jsonText(codec: string, value: unknown, rules: JsonRules): string {
  let text: string | undefined;
  try {
    const flaw = flawIn(value, rules);
    if (flaw !== undefined) throw unwritable(codec, flaw, rules);
    text = JSON.stringify(value);
  } catch (error) {
    // A promise among it was dropped: its rejection is not to end the process past the policy.
    disregardWithin(value);
    if (isKafkaRxError(error)) throw error;
    throw encodeFailure(codec, `JSON has no form for it (${errorKind(error)})`);
  }
  // It answers otherwise the second time.
  if (text === undefined) throw encodeFailure(codec, `JSON has no form for what is of type ${typeof value}`);
  return text;
}

/** @internal */
export function unwritable(
  codec: string,
  { path: names, what, remedy }: Flaw,
  rules: JsonRules,
): KafkaRxError {
  const path = rules.declared(names);
  return encodeFailure(codec, `${path === '' ? 'the value' : path} is ${what}`, path, remedy);
}

/** @internal The bytes of what {@link jsonText} gave. Throws `ENCODE` where there are more than decode would take. */
export function jsonBytes(codec: string, text: string, { maxBytes }: JsonRules): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return bytes;
  throw encodeFailure(
    codec,
    `its ${bytes.length} bytes are more than maxBytes, ${maxBytes}, which decode refuses`,
    undefined,
    'Make the value smaller, or give json a higher maxBytes',
  );
}

function removeProto(root: unknown): void {
  // A stack of its own: JSON.parse takes depths that recursion does not.
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (!isObject(value)) continue;
    if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__');
    for (const inner of Object.values(value)) pending.push(inner);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
