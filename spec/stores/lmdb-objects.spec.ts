/** Several lmdb objects of one folder in one process, which LMDB knows as one writer after the other. */
import { execFile } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sale } from '../contract/sales.js';
import { lmdbFixture } from './lmdb-fixture.js';

const fixture = lmdbFixture();

/** What `lmdb-objects-child.ts` says; a process whose event loop is blocked is killed and has said nothing. */
function child(...args: string[]): Promise<unknown> {
  const program = ['--import', 'tsx', join(__dirname, 'lmdb-objects-child.ts'), ...args];
  return new Promise(resolve => {
    execFile(process.execPath, program, { timeout: 30_000, killSignal: 'SIGKILL' }, (error, stdout) =>
      resolve(error === null ? JSON.parse(stdout) : `ended by ${error.signal ?? error.message}`),
    );
  });
}

describe('lmdb objects of one folder in one process', () => {
  it.each(['open', 'read', 'note'])(
    'are opened while another one writes: %s',
    async how => {
      expect(await child(how, fixture.directory)).toEqual({ opened: 40, missing: 0 });
    },
    60_000,
  );

  // Links need a right of their own on Windows.
  (process.platform === 'win32' ? it.skip : it)(
    'are opened by another path while one writes',
    async () => {
      const link = join(fixture.directory, 'link');
      symlinkSync(fixture.directory, link);
      expect(await child('open', fixture.directory, link)).toEqual({ opened: 40, missing: 0 });
    },
    60_000,
  );

  it('are written by apps of one group that come and go', async () => {
    expect(await child('apps', fixture.directory)).toEqual({
      joined: 24,
      failures: [],
      uncommitted: 0,
      missing: 0,
    });
  }, 60_000);

  it('is closed by a close that was called while it waited to be opened', async () => {
    const busy = await fixture.openSales();
    const other = fixture.sales();
    const writing = busy.write([sale(0, 'ann', 0)]);
    const opening = other.open();
    await other.close();
    await Promise.all([writing, opening]);
    await expect(other.count()).rejects.toMatchObject({ code: 'CLOSED' });
    const again = [other.open(), other.close(), other.open()];
    await Promise.all(again);
    expect(await other.count()).toBe(1);
  });
});
