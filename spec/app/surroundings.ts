/** What a machine offers to tell a process to end: a terminal of its own, a PID namespace of its own. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

type Wrapped = (words: readonly string[]) => readonly string[];

const works = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0;

/** Puts a command on a terminal whose keyboard is standard input; undefined where there is no program for it. */
export function inTerminal(): Wrapped | undefined {
  // Of util-linux, which every Debian has.
  if (works('script', '-qec', 'true', '/dev/null')) {
    // One shell everywhere, replaced by the command: a shell that stays has had Ctrl-C too, and some (dash) then end with 130
    // whatever the command ends with.
    return words => [
      'env',
      'SHELL=/bin/sh',
      'script',
      '-qec',
      `exec ${words.map(quoted).join(' ')}`,
      '/dev/null',
    ];
  }
  const pty = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  return works('python3', '-c', 'import pty') ? words => ['python3', '-c', pty, ...words] : undefined;
}

/** What stands before a command to make it the first process of a PID namespace; undefined where the kernel lets nobody. */
export function inPidNamespace(): readonly string[] | undefined {
  const own = ['--pid', '--fork', '--mount-proc'];
  return [
    ['unshare', ...own],
    ['unshare', '--user', '--map-root-user', ...own],
  ].find(([command = '', ...args]) => works(command, ...args, 'true'));
}

export function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
