import { run, tellingLine } from '../spec/kafka/run.js';

/**
 * Runs a program of this benchmark, on this Node, and gives what it prints as JSON in its last line.
 *
 * @throws when it fails, with the line that tells why
 */
export async function reportOf<T>(what: string, args: readonly string[], timeoutMs: number): Promise<T> {
  const { code, stdout, stderr } = await run(process.execPath, args, timeoutMs);
  if (code !== 0) throw new Error(`${what} failed: ${tellingLine(`${stderr}\n${stdout}`)}`);
  // The program wrote it, of this version.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}
