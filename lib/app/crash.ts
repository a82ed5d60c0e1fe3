import type { AppParts } from './app-parts.js';

/**
 * Ends an app as SIGKILL ends a process, for tests: it says nothing any more, begins nothing, commits nothing, and drains nothing. What the system
 * closes for a process that is dead is closed: stores and the places where states lie, as they are. Its timers and its connection are its caller's to stop.
 */
export async function crash({ lifecycle, dispatcher, closers }: AppParts): Promise<void> {
  lifecycle.die();
  dispatcher.halt();
  await closers.crash();
}
