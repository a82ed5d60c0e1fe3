import { isProxy } from 'node:util/types';
import { bufferKinds } from './buffer-kinds.js';
import { isIntrinsic } from './is-intrinsic.js';

/**
 * The prototypes of the classes that a value is of, up to the first of the language's own of which all that it holds can be read;
 * undefined where one of them is a Proxy.
 */
export function classesOf(value: object): readonly object[] | undefined {
  let classes: object[] | undefined;
  let from = Object.getPrototypeOf(value) as object | null;
  while (from !== null && !isIntrinsic(from, open)) {
    if (isProxy(from)) return undefined;
    classes ??= [];
    classes.push(from);
    from = Object.getPrototypeOf(from) as object | null;
  }
  return classes ?? none;
}

const none: readonly object[] = [];

const open: ReadonlySet<string> = new Set([
  ...['Object', 'Array', 'Map', 'Set', 'Date', 'RegExp', 'String', 'Number', 'Boolean', 'BigInt'],
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError'],
  'URIError',
  ...bufferKinds,
]);
