import { isProxy } from 'node:util/types';
import { isIntrinsic } from './is-intrinsic.js';
import { isPlainKind } from './is-plain-kind.js';

/**
 * Whether what a value holds is in its fields: what {@link isPlainKind} takes, an Error, a RegExp, and an instance of a class of the
 * user's, since what reads its fields or writes them as JSON has nothing else of it. Not so where the class has a `#private`, and
 * for an instance that the engine or Node.js keeps data of (an iterator, WeakRef, URL, Headers): their methods, which are native or
 * read a `#private`, give it to whoever asks.
 */
export function showsAll(value: object): boolean {
  if (isPlainKind(value)) return true;
  let from: object | null = value;
  do {
    if (isProxy(from)) return false;
    if (from !== value && !Object.values(Object.getOwnPropertyDescriptors(from)).every(isOpen)) return false;
    from = Object.getPrototypeOf(from) as object | null;
  } while (from !== null && !isIntrinsic(from, open));
  return true;
}

const open: ReadonlySet<string> = new Set([
  ...['Object', 'Array', 'Map', 'Set', 'Date', 'RegExp', 'String', 'Number', 'Boolean', 'BigInt'],
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError'],
  'URIError',
]);

function isOpen({ value, get }: PropertyDescriptor): boolean {
  return [value, get].every(part => typeof part !== 'function' || readsFieldsAlone(part));
}

/** The source of a function does not change. */
const known = new WeakMap<object, boolean>();

function readsFieldsAlone(method: object): boolean {
  let answer = known.get(method);
  if (answer === undefined) {
    const source = Function.prototype.toString.call(method);
    answer = !source.endsWith('{ [native code] }') && !privateField.test(source);
    known.set(method, answer);
  }
  return answer;
}

const privateField = /[.?]\s*#[\p{ID_Start}$_]|#[\p{ID_Continue}$]+\s+in\b/u;
