import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kind, required } from '../../base/option-kinds.js';
import type { Fault, Kind } from '../../base/option-schema.js';

const wants = 'the URL of a file';

/** What Node runs in a thread: a file, or a module inside a `data:` URL. A file that is not there is told here, not by a dead thread. */
export const entryKind: Kind = required(
  kind(wants, entry => {
    if (!(entry instanceof URL)) return false;
    if (entry.protocol === 'data:') return true;
    if (entry.protocol !== 'file:') return fault(`must be ${wants}, and its protocol is '${entry.protocol}'`);
    return isThere(entry) ? true : fault(`must be ${wants}, and there is none`);
  }),
);

function fault(what: string): Fault {
  return { path: '', what, remedy: "Write new URL('./app.worker.js', import.meta.url)" };
}

function isThere(entry: URL): boolean {
  try {
    const path = fileURLToPath(entry);
    // Under a loader of TypeScript the name is that of what will be compiled.
    return existsSync(path) || existsSync(path.replace(/\.([cm]?)js$/, '.$1ts'));
  } catch {
    // One that names another host.
    return false;
  }
}
