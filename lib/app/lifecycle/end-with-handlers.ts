/**
 * Node puts the default action of signals back while it takes itself down, for milliseconds or, with a large heap on a busy machine,
 * for much longer: a signal's echo in that time ended a process that had drained with 130 or 143. `process.exit` leaves the
 * handlers where they are; so the very last listener of `exit` calls it, with the code that it is given. Nothing is
 * cut off: it is called only where the event loop has nothing left to do.
 *
 * @returns the way out
 */
export function endWithHandlers(): () => void {
  const exitAtOnce = (code: number): never => process.exit(code);
  const disarm = (): void => void process.off('exit', exitAtOnce);
  const arm = (): void => {
    disarm();
    // After all that others do at the end.
    process.on('exit', exitAtOnce);
    // Where the loop goes on after all, an exception is told after `exit`: that is not to be cut off.
    setImmediate(disarm).unref();
  };
  process.on('beforeExit', arm);
  return () => {
    process.off('beforeExit', arm);
    disarm();
  };
}
