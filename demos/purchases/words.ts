/** A command line read into words; each command says what these mean. */
import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.js';

/** The options that there are, by name. */
export type Options = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>
>;

/** Reads one option's value, or throws a UsageError that names the option. */
type Reading<T> = (value: string, flag: string) => T;

/** The words of a command line whose every option is known, complete, and given once. */
export interface Words {
  readonly positionals: readonly string[];
  has(name: string): boolean;
  value<T>(name: string, read: Reading<T>): T | undefined;
  refuseAllBut(flags: Readonly<Record<string, unknown>>, why: (name: string) => string): void;
}

/** @throws UsageError for what is no option, lacks its value or is given twice */
export function wordsOf(argv: readonly string[], options: Options): Words {
  // Not `strict`: parseArgs would tell of a missing value in three lines, and take the last of two.
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const type = Object.hasOwn(options, name) ? options[name]?.type : undefined;
    if (type === undefined) throw new UsageError(`There is no option ${printable(rawName)}`);
    if (given.has(name)) throw new UsageError(`${rawName} is given twice`);
    if (type === 'boolean') {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    } else if (
      value === undefined ||
      value === '' ||
      (token.inlineValue === false && looksLikeOption(value))
    ) {
      throw new UsageError(`${rawName} needs a value`);
    }
    given.set(name, value ?? '');
  }
  return {
    positionals,
    has: name => given.has(name),
    value(name, read) {
      const value = given.get(name);
      return value === undefined ? undefined : read(value, `--${name}`);
    },
    refuseAllBut(flags, why) {
      for (const name of given.keys()) {
        if (!Object.hasOwn(flags, name)) throw new UsageError(`--${name} ${why(name)}`);
      }
    },
  };
}

/** A negative number is a wrong value, not an option. */
function looksLikeOption(value: string): boolean {
  return value.startsWith('-') && value !== '-' && !/^-[\d.]/.test(value);
}

export function quoted(word: string): string {
  return `"${printable(word)}"`;
}

/** One line, and no control characters for the terminal. */
function printable(word: string): string {
  return word.replace(/\p{Cc}/gu, '?');
}
