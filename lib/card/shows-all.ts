import { isProxy } from 'node:util/types';
import { classesOf } from './classes-of.js';
import { isPlainKind } from './is-plain-kind.js';
import { nativeName } from './native-name.js';

/**
 * Whether what a value holds is in its fields: what {@link isPlainKind} takes, an Error, a RegExp, and an instance of a class of the
 * user's, since what reads its fields or writes them as JSON has nothing else of it. Not so where the class has a `#private`, and
 * for an instance that the engine or Node.js keeps data of (an iterator, WeakRef, URL, Headers): their methods, which are native or
 * read a `#private`, give it to whoever asks.
 */
export function showsAll(value: object): boolean {
  if (isPlainKind(value)) return true;
  return !isProxy(value) && (classesOf(value)?.every(isOpen) ?? false);
}

function isOpen(prototype: object): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(prototype)).every(({ value, get }) =>
    [value, get].every(part => typeof part !== 'function' || readsFieldsAlone(part)),
  );
}

/** The source of a function does not change. */
const known = new WeakMap<object, boolean>();

function readsFieldsAlone(method: object): boolean {
  let answer = known.get(method);
  if (answer === undefined) {
    answer = nativeName(method) === undefined && !privateField.test(Function.prototype.toString.call(method));
    known.set(method, answer);
  }
  return answer;
}

/** Also as compilers write it for older engines. */
const privateField =
  /[.?]\s*#[\p{ID_Start}$_]|#[\p{ID_Continue}$]+\s+in\b|_class_?[Pp]rivate_?(?:[Ff]ield|[Mm]ethod)|\b__private(?:Get|Method)\b/u;
