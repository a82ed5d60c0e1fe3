/** Runs a command that ends by itself, with a bound, and keeps what it said. It does not outlive this process, unless that is killed. */
import { execFile } from 'node:child_process';

export interface Finished {
  /** Exit code; undefined when it could not be started or was killed, as it is at the bound. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param input what the command reads on its standard input, which is then closed. Default: nothing. */
export function run(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  input = '',
): Promise<Finished> {
  return new Promise(resolve => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 30 } as const;
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      process.off('exit', kill);
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
      resolve({
        code,
        stdout,
        stderr: error?.killed === true ? `${stderr}\nkilled after ${timeoutMs} ms` : stderr,
      });
    });
    const kill = (): boolean => child.kill('SIGKILL');
    process.on('exit', kill);
    // A command that ends without reading closes the pipe; its exit code tells more than EPIPE does.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The line of an output that most likely tells why it failed, for an error message of one line. */
export function tellingLine(output: string): string {
  const lines = output.split('\n').filter(line => line.trim() !== '');
  const telling = lines.find(line => /\b(ERROR|FATAL)\b|(Exception|Error)\b/.test(line)) ?? lines.at(-1);
  return telling?.trim().slice(0, 500) ?? 'it said nothing';
}
