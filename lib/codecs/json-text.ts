import { type Coordinates, errorKind } from '../errors.js';
import { decodeFailure, encodeFailure } from './failure.js';
import { utf8 } from './utf8.js';

/**
 * JSON text and back, without types.
 *
 * @internal
 */
export function parseJson(
  codec: string,
  bytes: Buffer | null,
  at: Coordinates,
  refuseProto: boolean,
): unknown {
  const text = utf8(codec, bytes, at);
  if (text === '') throw decodeFailure(codec, 'the value is empty', at);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Its SyntaxError quotes the input.
    throw decodeFailure(codec, 'the bytes are not JSON', at);
  }
  if (!mayNameProto(text)) return value;
  // Before the type sees it: io-ts copies with assignments, and one of an own `__proto__` changes the prototype.
  if (removeProto(value) && refuseProto)
    throw decodeFailure(codec, 'it has a field that is called __proto__', at);
  return value;
}

/** @internal Throws `ENCODE` where JSON has no form for the value. */
export function writeJson(codec: string, value: unknown): Buffer {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw encodeFailure(codec, `JSON has no form for it (${errorKind(error)})`);
  }
  if (text === undefined) throw encodeFailure(codec, `JSON has no form for what is of type ${typeof value}`);
  // JSON.stringify writes NaN and the infinities as null, silently.
  if (text.includes('null') && hasNonFinite(value)) {
    throw encodeFailure(codec, 'it holds a number that is not finite, which JSON would turn into null');
  }
  return Buffer.from(text);
}

/** Cheap, and never wrong where it says no: the name, or an escape that could spell one of its letters. */
function mayNameProto(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u00');
}

function removeProto(root: unknown): boolean {
  let found = false;
  // A stack of its own: JSON.parse takes depths that recursion does not.
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (!isObject(value)) continue;
    if (Object.hasOwn(value, '__proto__')) {
      found = true;
      Reflect.deleteProperty(value, '__proto__');
    }
    for (const inner of Object.values(value)) pending.push(inner);
  }
  return found;
}

function hasNonFinite(root: unknown): boolean {
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'number' && !Number.isFinite(value)) return true;
    if (isObject(value)) for (const inner of Object.values(value)) pending.push(inner);
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
