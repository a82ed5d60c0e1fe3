import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateBackend } from '../../../lib/state/backend.js';
import { lmdbBackends, lmdbBackendsOn } from '../../../lib/state/lmdb/lmdb-backends.js';
import { changes, checkpoint, rowsOf, shown, type Written } from '../state-tested.js';
import { TestedProcess, temporaryFolder } from './lmdb-tested.js';

const day = 24 * 60 * 60 * 1000;

describe('the folders of states in LMDB', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  const opened: StateBackend[] = [];

  beforeEach(() => {
    folder = temporaryFolder();
  });

  afterEach(async () => {
    for (const backend of opened.splice(0)) await backend.close();
    folder.remove();
  });

  async function open(process = new TestedProcess(), task = 'task'): Promise<StateBackend> {
    const backend = await lmdbBackendsOn(process, folder.path).open(task);
    opened.push(backend);
    return backend;
  }

  /** Of a process that has applied commit 1. @param end how it ended */
  async function former(process: TestedProcess, end: 'closes' | 'dies' | 'lives'): Promise<StateBackend> {
    const backend = await lmdbBackendsOn(process, folder.path).open('task');
    await backend.apply(changes({ a: [['k', 'one']] }), { ...checkpoint(1), time: process.now() });
    if (end === 'closes') await backend.close();
    if (end === 'dies') await process.die();
    if (end === 'lives') opened.push(backend);
    return backend;
  }

  const incarnations = (): string[] => readdirSync(join(folder.path, readdirSync(folder.path)[0] ?? ''));

  it.each(['closes', 'dies'] as const)('is used again by another process, when its own %s', async end => {
    await former(new TestedProcess(), end);
    const backend = await open();
    expect(backend.checkpoint?.commitNumber).toBe(1);
    expect(shown(backend.get('a', 'k'))).toBe('one');
    expect(incarnations()).toHaveLength(1);
  });

  it('is used again after the machine was started anew if it was closed, and not if its process died with it', async () => {
    await former(new TestedProcess(), 'closes');
    const second = new TestedProcess({ owner: { boot: 'second' } });
    const backend = await lmdbBackendsOn(second, folder.path).open('task');
    expect(backend.checkpoint?.commitNumber).toBe(1);
    await second.die();
    expect((await open(new TestedProcess({ owner: { boot: 'third' } }))).checkpoint).toBeUndefined();
    expect(incarnations()).toHaveLength(1);
  });

  it('says how many bytes it has, as long as it is open', async () => {
    const backend = await lmdbBackends(folder.path).open('task');
    const rows = Array.from({ length: 1_000 }, (_, i): Written => [`${i}`, 'x'.repeat(100)]);
    await backend.apply(changes({ a: rows }), checkpoint(1));
    expect(backend.bytes).toBeGreaterThan(100_000);
    expect(backend.bytes).toBeLessThan(1_000_000);
    await backend.close();
    expect(backend.bytes).toBeUndefined();
  });

  it('is not trusted after a crash where nobody can know whether the machine was started anew', async () => {
    await former(new TestedProcess({ owner: { boot: '' } }), 'dies');
    expect((await open(new TestedProcess({ owner: { boot: '' } }))).checkpoint).toBeUndefined();
  });

  it('is its owner’s as long as that lives: a newcomer begins another, and neither sees the other', async () => {
    const zombie = await former(new TestedProcess(), 'lives');
    const newcomer = await open();
    expect(newcomer.checkpoint).toBeUndefined();
    await newcomer.apply(changes({ a: [['k', 'new']] }), checkpoint(7));
    await zombie.apply(changes({ a: [['k', 'late']] }), checkpoint(2));
    expect(shown(newcomer.get('a', 'k'))).toBe('new');
    expect(newcomer.checkpoint?.commitNumber).toBe(7);
    expect(incarnations()).toHaveLength(2);
  });

  it('is not dead for having the process id of one that began later', async () => {
    const dead = new TestedProcess({ owner: { started: 'before' } });
    await former(dead, 'lives');
    // The process of that id began at another time: the owner is gone.
    expect((await open()).checkpoint?.commitNumber).toBe(1);
  });

  it.each([{ host: 'other' }, { namespace: 'other' }])(
    'of an owner that nobody here can know of (%j) is left alone until it is old',
    async owner => {
      let now = Date.now();
      await former(new TestedProcess({ owner }), 'dies');
      const second = new TestedProcess({ now: () => now });
      const backend = await lmdbBackendsOn(second, folder.path).open('task');
      expect(backend.checkpoint).toBeUndefined();
      expect(incarnations()).toHaveLength(2);
      await backend.close();
      now += 4 * day;
      await open(second);
      expect(incarnations()).toHaveLength(1);
    },
  );

  it.each([
    [3.4, 1],
    [3.6, undefined],
  ])('is used again %d days after its last cut: commit %s', async (days, commitNumber) => {
    const now = Date.now();
    await former(new TestedProcess({ now: () => now - days * day }), 'closes');
    expect((await open(new TestedProcess({ now: () => now }))).checkpoint?.commitNumber).toBe(commitNumber);
  });

  it('goes to one of those who would have it at the same moment', async () => {
    await former(new TestedProcess(), 'dies');
    const both = await Promise.all([open(), open()]);
    expect(both.map(backend => backend.checkpoint?.commitNumber).sort()).toEqual([1, undefined]);
  });

  it('is begun anew where what is in it is not LMDB’s', async () => {
    await former(new TestedProcess(), 'closes');
    const parent = join(folder.path, readdirSync(folder.path)[0] ?? '');
    const [name = ''] = readdirSync(parent);
    writeFileSync(join(parent, name, 'data.mdb'), 'x'.repeat(9000));
    expect((await open()).checkpoint).toBeUndefined();
  });

  it('is of one task: names that a disk takes for the same have folders of their own', async () => {
    for (const [i, task] of ['task', 'Task', 'a/b', 'a:b', 'a'.repeat(500)].entries()) {
      const backend = await open(new TestedProcess(), task);
      expect(backend.checkpoint).toBeUndefined();
      await backend.apply(changes({ a: [['k', String(i)]] }), checkpoint(1));
    }
  });

  it('cannot be where a file is, and the error says so', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    const opening = lmdbBackends(join(folder.path, 'file')).open('task');
    await expect(opening).rejects.toMatchObject({ code: 'STORE', message: expect.stringContaining('task') });
  });

  it('may be removed beside its owner, who goes on and closes without complaint', async () => {
    const backend = await former(new TestedProcess(), 'lives');
    rmSync(folder.path, { recursive: true });
    await backend.apply(changes({ a: [['k', 'two']] }), checkpoint(2));
    expect(shown(backend.get('a', 'k'))).toBe('two');
    await backend.close();
  });

  it('clears what no process has open, and nothing that is not its own', async () => {
    await former(new TestedProcess(), 'closes');
    writeFileSync(join(folder.path, 'notes'), 'mine');
    await lmdbBackendsOn(new TestedProcess(), folder.path).clear?.();
    expect(readdirSync(folder.path)).toContain('notes');
    expect((await open()).checkpoint).toBeUndefined();
    await lmdbBackendsOn(new TestedProcess(), join(folder.path, 'not-there')).clear?.();
  });
});

describe('an apply of several transactions in LMDB', () => {
  const many = (value: string): Written[] =>
    Array.from({ length: 50_000 }, (_, i) => [`k${String(i).padStart(6, '0')}`, value]);

  it('that is cut short leaves newer rows under the former checkpoint and says so, and reading on makes it whole', async () => {
    const folder = temporaryFolder();
    let batches = 0;
    const dying = new TestedProcess({
      batch: async (root, action) => {
        // The first is of the format, the next ones of commit 1, then two of commit 2.
        if (++batches > 6) throw new Error('dead');
        return root.batch(action);
      },
    });
    const backend = await lmdbBackendsOn(dying, folder.path).open('task');
    await backend.apply(changes({ a: [...many('one'), ['x', 'gone'], ['y', 'kept']] }), checkpoint(1));
    const second = changes({ a: [...many('two'), ['x', null]] });
    await expect(backend.apply(second, checkpoint(2))).rejects.toMatchObject({
      code: 'STORE',
      retriable: true,
    });
    expect(backend.checkpoint?.commitNumber).toBe(1);
    await dying.die();

    const again = await lmdbBackendsOn(new TestedProcess(), folder.path).open('task');
    expect(again.checkpoint).toMatchObject({ commitNumber: 1, positions: checkpoint(1).positions });
    expect(again.ahead).toEqual(checkpoint(2).positions);
    expect([shown(again.get('a', 'k000000')), shown(again.get('a', 'k049999'))]).toEqual(['two', 'one']);
    await again.restore(second, checkpoint(2));
    expect(again.ahead).toEqual(checkpoint(2).positions);
    await again.apply(new Map(), checkpoint(2));
    expect(again.ahead).toBeUndefined();
    expect(
      again
        .page('a', {}, 60_000)
        .filter(([, row]) => row.toString('latin1', 8) !== 'two')
        .map(([key]) => key),
    ).toEqual(['y']);
    await again.close();
    folder.remove();
  });

  it('loses nothing that had resolved when its process is killed, and never moves the checkpoint before its rows', async () => {
    const folder = temporaryFolder();
    for (const commits of [1, 2, 3]) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(__dirname, 'state-child.ts'), folder.path],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.split('\n').length > commits) child.kill('SIGKILL');
      });
      await once(child, 'close');
      const promised = Number(said.trim().split('\n').at(-1));
      expect(promised).toBeGreaterThan(0);
      const backend = await lmdbBackends(folder.path).open('task');
      const { commitNumber = 0 } = backend.checkpoint ?? {};
      expect(commitNumber).toBeGreaterThanOrEqual(promised);
      const newest = commitNumber + (backend.ahead === undefined ? 0 : 1);
      for (const [, row] of backend.page('a', {}, 60_000)) {
        const value = Number(row.toString('latin1', 8));
        if (value !== commitNumber && value !== newest)
          throw new Error(`${value} at ${commitNumber}, ${newest}`);
      }
      expect(rowsOf(backend, 'none')).toEqual([]);
      await backend.close();
    }
    folder.remove();
  }, 60_000);
});
