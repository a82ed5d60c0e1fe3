import { parseArgs } from 'node:util';
import { UsageError } from '../commands/command.js';

export interface GoldensArguments {
  readonly file: string;
  readonly op: RegExp | undefined;
  readonly backend: 'memory' | 'lmdb';
  readonly restart: boolean;
  readonly json: boolean;
}

export const help = `npm run -s goldens -- FILE.jsonl[.gz] [--op REGEX] [--backend memory|lmdb] [--restart] [--json]

Replays cases that Kafka Streams has answered (spec/goldens/README.md says what is in a line) through the library's public API, one testApp a case,
and holds what comes out of each input to its answer: keys, values, timestamps, their order, and how many records were dropped.

  --op REGEX       only operations whose whole name it is, such as 'session-.*'
  --backend B      where states lie: memory (default) or lmdb, in a temporary folder
  --restart        stops each case in the middle, where it says, and goes on with another app
  --json           one JSON object on stdout

An operation a line: cases, agreed, differing by design (docs/semantics.md; spec/goldens/differences.ts works out what is meant), failed with the
first difference. Operations of tables and joins are named, and a later part.
The last line is the result. Exit codes: 0 all as it should be, 1 something is not, 2 wrong usage.`;

/** @throws {UsageError} */
export function goldensArguments(args: readonly string[]): GoldensArguments {
  const { values, positionals } = parsed(args);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('Name one file of goldens');
  const { backend = 'memory', restart = false, json = false } = values;
  if (backend !== 'memory' && backend !== 'lmdb')
    throw new UsageError(`There is no backend '${backend}', only memory and lmdb`);
  return { file, op: pattern(values.op), backend, restart, json };
}

function pattern(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(`^(?:${text})$`);
  } catch {
    throw new UsageError(`--op takes a regular expression, and '${text}' is none`);
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        op: { type: 'string' },
        backend: { type: 'string' },
        restart: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\..*$/s, '') : String(error));
  }
}
