import { type Coordinates, errorKind } from '../errors/errors.js';
import { decodeFailure, encodeFailure } from './failure.js';
import { type JsonLimits, lookAt } from './json-strict.js';
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

/** @internal Throws `ENCODE` where JSON has no form for the value. */
export function jsonText(codec: string, value: unknown): string {
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
  // Of a Map, of a class without fields of its own, JSON.stringify writes nothing but the braces.
  if (text.includes('{}') && hasLostAll(value)) {
    throw encodeFailure(codec, 'it holds an object of which JSON would write nothing but {}');
  }
  return text;
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

function hasNonFinite(root: unknown): boolean {
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'number' && !Number.isFinite(value)) return true;
    if (isObject(value)) for (const inner of Object.values(value)) pending.push(inner);
  }
  return false;
}

/** Whether some object, of a class, is written without anything of it. */
function hasLostAll(root: unknown): boolean {
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (!isObject(value) || ('toJSON' in value && typeof value.toJSON === 'function')) continue;
    const fields = Object.values(value);
    if (fields.length === 0 && !Array.isArray(value) && !isBare(value)) return true;
    for (const inner of fields) pending.push(inner);
  }
  return false;
}

function isBare(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
