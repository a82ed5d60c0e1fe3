import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { all, sale } from '../contract/sales.js';
import { lmdbFixture } from './lmdb-fixture.js';

const fixture = lmdbFixture();
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** `lmdb-child.ts` with these arguments. */
function child(...args: string[]) {
  return run(process.execPath, childArguments(args));
}

const childArguments = (args: readonly string[]) => [
  '--import',
  'tsx',
  join(__dirname, 'lmdb-child.ts'),
  ...args,
];

function run(command: string, args: readonly string[], stderr: 'inherit' | 'ignore' = 'inherit') {
  const process_ = spawn(command, args, { stdio: ['pipe', 'pipe', stderr] });
  children.add(process_);
  const output: string[] = [];
  process_.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const ended = once(process_, 'close');
  return {
    output: () => output.join(''),
    kill: () => process_.kill('SIGKILL'),
    signal: (signal: NodeJS.Signals) => process_.kill(signal),
    say: (text: string) => process_.stdin.write(text),
    ended,
    /** Resolves once `wanted` finds what it looks for in the output. */
    async until(wanted: (output: string) => boolean) {
      while (!wanted(output.join(''))) {
        if (process_.exitCode !== null) throw new Error(`the child ended with ${process_.exitCode}`);
        await new Promise(resolve => setTimeout(resolve, 5));
      }
    },
  };
}

const lines = (output: string) => output.split('\n').filter(line => line !== '');

describe('the lmdb store and other processes', () => {
  it('holds every document whose write had resolved when its process was killed in the middle of writes', async () => {
    let before = 0;
    for (const linesBeforeKill of [1, 25, 60]) {
      const writer = child('write', fixture.directory);
      await writer.until(output => lines(output).length >= linesBeforeKill);
      writer.kill();
      await writer.ended;
      const promised = Number(lines(writer.output()).at(-1));
      expect(promised).toBeGreaterThan(before);

      const store = await fixture.openSales();
      const found = await all(store.byTime());
      expect(found.length).toBeGreaterThanOrEqual(promised);
      expect(found.length % 200).toBe(0);
      expect(await store.count()).toBe(found.length);
      expect(found.map(({ id }) => id)).toEqual(found.map((_, i) => `c/t/0/${i}`));
      const theirs = await all(store.by('customer', 'c3'));
      expect(theirs.map(({ time }) => time)).toEqual(
        found.map(({ time }) => time).filter(time => time % 7 === 3),
      );
      before = found.length;
      await store.close();
    }
  }, 60_000);

  // Windows has no SIGSTOP.
  (process.platform === 'win32' ? it.skip : it)(
    'keeps its position when a process that was stopped goes on and notes an older one',
    async () => {
      const stale = child('note', fixture.directory, '7891');
      await stale.until(output => output.includes('ready'));
      stale.signal('SIGSTOP');
      stale.say('go on\n');
      const store = await fixture.openSales();
      for (const offset of [10_000, 50_000])
        await store.positions?.advance([{ origin: 'c/t', partition: 0, offset }]);
      stale.signal('SIGCONT');
      await stale.ended;
      expect(lines(stale.output())).toEqual(['ready', '50000']);
      expect(store.positions?.read('c/t', 0)).toBe(50_000);
    },
    60_000,
  );

  // A limit on the size of files does on any POSIX system what a full disk does.
  (process.platform === 'win32' ? it.skip : it)(
    'rejects a write for which the disk has no room, and keeps what it had',
    async () => {
      const limited = `trap '' XFSZ; ulimit -f 4096; exec "$0" "$@"`;
      // lmdb-js prints the failed commits on its own account.
      const filler = run(
        'sh',
        ['-c', limited, process.execPath, ...childArguments(['fill', fixture.directory])],
        'ignore',
      );
      const [exitCode] = await filler.ended;
      expect(exitCode).toBe(0);
      const result: { resolved: number } = JSON.parse(filler.output());
      expect(result.resolved).toBeGreaterThan(0);
      expect(result).toMatchObject({
        failures: [{ code: 'STORE', message: expect.stringContaining(fixture.directory) }, { code: 'STORE' }],
        found: result.resolved,
        count: result.resolved,
      });
    },
    60_000,
  );

  it('is read by other processes while it is written', async () => {
    const store = await fixture.openSales();
    const write = (from: number) =>
      store.write(
        Array.from({ length: 200 }, (_, i) =>
          sale(from + i, `c${(from + i) % 7}`, from + i, { origin: 'c/t' }),
        ),
      );
    let next = 0;
    for (; next < 1000; next += 200) await write(next);
    const readers = [child('read', fixture.directory, '16000'), child('read', fixture.directory, '16000')];
    // Slowly, so that the readers look often while it grows.
    for (; next < 16_000; next += 200) {
      await write(next);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    for (const reader of readers) {
      await reader.ended;
      const seen: { looks: number; last: number; wrong: string[] } = JSON.parse(reader.output());
      expect(seen).toMatchObject({ last: 16_000, wrong: [] });
      expect(seen.looks).toBeGreaterThan(1);
    }
  }, 60_000);

  it('is written by two processes, each of which finds the origins of the other', async () => {
    const writer = child('write', fixture.directory);
    await writer.until(output => lines(output).length >= 2);
    const store = await fixture.openSales();
    for (let i = 0; i < 50; i++) await store.write([sale(i, 'here', i, { origin: `here-${i}` })]);
    const sofar = lines(writer.output()).length;
    await writer.until(output => lines(output).length > sofar);
    writer.kill();
    await writer.ended;
    expect(await all(store.by('customer', 'here'))).toHaveLength(50);
    const theirs = (await all(store.byTime())).filter(({ id }) => id.startsWith('c/t/'));
    expect(theirs.length).toBeGreaterThanOrEqual(Number(lines(writer.output()).at(-1)));
    expect(await store.count()).toBe(theirs.length + 50);
  }, 60_000);
});
