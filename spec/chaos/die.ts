/** As when the kernel ends a process: nothing is flushed, closed or told. */
export function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
