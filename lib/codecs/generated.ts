import { isInstance } from '../errors/is-instance.js';

/**
 * A function made of source text, with the parameters in its sight; undefined where the process forbids that
 * (`--disallow-code-generation-from-strings`), so that whoever asks keeps a way without it.
 *
 * Whoever writes the source lets nothing into it but its own text, numbers and what `JSON.stringify` made of a name:
 * that is a string literal of JavaScript whatever the name holds (it escapes quotes, backslashes, control characters and
 * lone surrogates, and ES2019 allows the rest), so that no name can end its literal and become code.
 *
 * @internal
 */
export function generated(parameters: Readonly<Record<string, unknown>>, source: string): unknown {
  try {
    const make = new Function(...Object.keys(parameters), `'use strict';\n${source}`);
    return make(...Object.values(parameters));
  } catch (error) {
    if (isInstance(error, EvalError)) return undefined;
    throw error;
  }
}
