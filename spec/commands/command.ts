/** What build, check and test have in common as commands: arguments, `--help`, exit codes, one line of result. */
import { parseArgs } from 'node:util';

const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** How a command ended: its last line on stdout, and whether all is well. */
export interface Result {
  readonly line: string;
  readonly ok: boolean;
}

/** Thrown for arguments that cannot be: exit code 2. */
export class UsageError extends Error {}

/** The repository's folder: commands are npm scripts, and npm runs those there. */
export const repository = process.cwd();

/** Runs a command to its end: what it returns is its last line and its exit code, what it throws is one line. */
export async function runCommand(help: string, command: () => Promise<Result>): Promise<void> {
  try {
    if (process.argv.slice(2).some(argument => argument === '--help' || argument === '-h')) {
      process.stdout.write(`${help}\n`);
      return;
    }
    const { line, ok } = await command();
    showProgress('');
    process.stdout.write(`${line}\n`);
    process.exitCode = ok ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    showProgress('');
    const wrongUsage = error instanceof UsageError;
    const line = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');
    process.stderr.write(`${line}${wrongUsage ? '; see --help' : ''}\n`);
    process.exitCode = wrongUsage ? exitCodes.usage : exitCodes.failed;
  }
}

/** The flags given, each of them known; anything else is wrong usage. */
export function flags<const F extends string>(...known: readonly F[]): ReadonlySet<F> {
  try {
    const options = Object.fromEntries(known.map(flag => [flag, { type: 'boolean' } as const]));
    const { values } = parseArgs({ options, allowPositionals: false });
    return new Set(known.filter(flag => values[flag] === true));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\..*$/s, '') : String(error));
  }
}

/** One line that replaces the last one; only on a terminal. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
}

/** Milliseconds as people read them: `4.2 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
