import { oneLine } from './one-line.js';

/** Runs a command and ends the process with its exit code: 1 for a failure and 2 for wrong usage, told in one line. */
export function runCommand(main: (argv: readonly string[]) => Promise<number>): void {
  // A reader that has seen enough (head, less) closes the pipe; that is not our failure.
  process.stdout.on('error', error => {
    process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? 0 : 1);
  });

  main(process.argv.slice(2)).then(
    code => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const usage = error instanceof Error && (error as { code?: unknown }).code === 'USAGE';
      process.stderr.write(`${oneLine(error)}\n`);
      process.exitCode = usage ? 2 : 1;
    },
  );
}
