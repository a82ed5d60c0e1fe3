import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { open } from 'lmdb';
import { KafkaRxError } from '../../lib/errors.js';
import { type LmdbOptions, lmdb } from '../../lib/stores/lmdb.js';
import { documentsOfGeneration } from '../../lib/stores/lmdb-layout.js';
import { LmdbWriter } from '../../lib/stores/lmdb-writer.js';
import { all, origin, type Sale, sale, saleCodec, saleIndexes } from '../contract/store-contract.js';

let directory: string;
const children = new Set<ChildProcess>();
const opened: { close(): Promise<void> }[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kafka-rx-lmdb-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const store of opened.splice(0)) await store.close();
  rmSync(directory, { recursive: true, force: true });
});

function sales(options: Partial<LmdbOptions<Sale>> = {}) {
  const store = lmdb<Sale>('sales', { ...saleIndexes, value: saleCodec, directory, ...options });
  opened.push(store);
  return store;
}

async function openSales(options: Partial<LmdbOptions<Sale>> = {}) {
  const store = sales(options);
  await store.open();
  return store;
}

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
  const process_ = spawn(command, args, { stdio: ['ignore', 'pipe', stderr] });
  children.add(process_);
  const output: string[] = [];
  process_.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const ended = once(process_, 'close');
  return {
    output: () => output.join(''),
    kill: () => process_.kill('SIGKILL'),
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
const failure = (work: Promise<unknown> | undefined) =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the lmdb store', () => {
  it('holds every document whose write had resolved when its process was killed in the middle of writes', async () => {
    let before = 0;
    for (const linesBeforeKill of [1, 25, 60]) {
      const writer = child('write', directory);
      await writer.until(output => lines(output).length >= linesBeforeKill);
      writer.kill();
      await writer.ended;
      const promised = Number(lines(writer.output()).at(-1));
      expect(promised).toBeGreaterThan(before);

      const store = await openSales();
      const found = await all(store.byTime());
      expect(found.length).toBeGreaterThanOrEqual(promised);
      expect(found.length % 200).toBe(0);
      expect(await store.count()).toBe(found.length);
      expect(found.map(({ id }) => id)).toEqual(found.map((_, i) => `c/t/0/${i}`));
      const theirs = await all(store.byCustomer('c3'));
      expect(theirs.map(({ time }) => time)).toEqual(
        found.map(({ time }) => time).filter(time => time % 7 === 3),
      );
      before = found.length;
      await store.close();
    }
  }, 60_000);

  // A limit on the size of files does on any POSIX system what a full disk does.
  (process.platform === 'win32' ? it.skip : it)(
    'rejects a write for which the disk has no room, and keeps what it had',
    async () => {
      const limited = `trap '' XFSZ; ulimit -f 4096; exec "$0" "$@"`;
      // lmdb-js prints the failed commits on its own account.
      const filler = run(
        'sh',
        ['-c', limited, process.execPath, ...childArguments(['fill', directory])],
        'ignore',
      );
      const [exitCode] = await filler.ended;
      expect(exitCode).toBe(0);
      const result: { resolved: number } = JSON.parse(filler.output());
      expect(result.resolved).toBeGreaterThan(0);
      expect(result).toMatchObject({
        failures: [{ code: 'STORE', message: expect.stringContaining(directory) }, { code: 'STORE' }],
        found: result.resolved,
        count: result.resolved,
      });
    },
    60_000,
  );

  it('is read by other processes while it is written', async () => {
    const store = await openSales();
    const write = (from: number) =>
      store.write(
        Array.from({ length: 200 }, (_, i) =>
          sale(from + i, `c${(from + i) % 7}`, from + i, { origin: 'c/t' }),
        ),
      );
    let next = 0;
    for (; next < 1000; next += 200) await write(next);
    const readers = [child('read', directory, '16000'), child('read', directory, '16000')];
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
    const writer = child('write', directory);
    await writer.until(output => lines(output).length >= 2);
    const store = await openSales();
    for (let i = 0; i < 50; i++) await store.write([sale(i, 'here', i, { origin: `here-${i}` })]);
    const sofar = lines(writer.output()).length;
    await writer.until(output => lines(output).length > sofar);
    writer.kill();
    await writer.ended;
    expect(await all(store.byCustomer('here'))).toHaveLength(50);
    const theirs = (await all(store.byTime())).filter(({ id }) => id.startsWith('c/t/'));
    expect(theirs.length).toBeGreaterThanOrEqual(Number(lines(writer.output()).at(-1)));
    expect(await store.count()).toBe(theirs.length + 50);
  }, 60_000);

  it('can be read and written in one process by two stores', async () => {
    const writer = await openSales();
    await writer.write([sale(0, 'ann', 0)]);
    const reader = await openSales({ readOnly: true });
    expect(await all(reader.byCustomer('ann'))).toHaveLength(1);
    await writer.write([sale(1, 'ann', 1, { origin: 'new' })]);
    expect(await all(reader.byCustomer('ann'))).toHaveLength(2);
    expect((await reader.get('new/0/1'))?.time).toBe(1);
    await reader.close();
    expect(await writer.count()).toBe(2);
  });

  it('begins a scan with what others wrote, though it has read in this turn of the event loop', async () => {
    await (await openSales()).write([sale(0, 'ann', 0), sale(1, 'ann', 1)]);
    const reader = await openSales({ readOnly: true });
    const other = open<Buffer, Buffer>({ path: directory, noSubdir: false, overlappingSync: false });
    const byTime = other.openDB<Buffer, Buffer>('kafka-rx/by-time', {
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    const [first] = [...byTime.getKeys()];
    // From here on in one turn: nothing is awaited that the event loop would have to turn for.
    await reader.count();
    byTime.removeSync(first ?? Buffer.alloc(0));
    expect(await all(reader.byTime())).toHaveLength(1);
    await other.close();
  });

  it('refuses to write when it was opened for reading', async () => {
    await (await openSales()).write([sale(0, 'ann', 0)]);
    const reader = await openSales({ readOnly: true });
    const error = await failure(reader.write([sale(1, 'ann', 0)]));
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining(directory) });
  });

  it('makes no folder for a reader, and says which path has no store', async () => {
    for (const missing of [join(directory, 'missing', 'deep'), directory]) {
      const error = await failure(sales({ directory: missing, readOnly: true }).open());
      expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining(missing) });
    }
    expect(existsSync(join(directory, 'missing'))).toBe(false);
    expect(existsSync(join(directory, 'data.mdb'))).toBe(false);
  });

  it("makes a folder that is its owner's alone", async () => {
    const deep = join(directory, 'a', 'b.c');
    await openSales({ directory: deep });
    expect(statSync(deep).mode & 0o077).toBe(0);
    expect(statSync(join(deep, 'data.mdb')).isFile()).toBe(true);
  });

  it.each([
    ['is a file', (path: string) => writeFileSync(path, '')],
    [
      "holds a file that is not LMDB's",
      (path: string) => {
        mkdirSync(path);
        writeFileSync(join(path, 'data.mdb'), 'not a database '.repeat(1000));
      },
    ],
  ])('says what is wrong with a folder that %s', async (_, prepare) => {
    const path = join(directory, 'odd');
    prepare(path);
    const error = await failure(sales({ directory: path }).open());
    expect(error).toBeInstanceOf(KafkaRxError);
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining(path) });
  });

  it("refuses another program's database and leaves it as it was", async () => {
    const foreign = open<string, string>({ path: directory, noSubdir: false });
    await foreign.put('theirs', 'value');
    await foreign.flushed;
    await foreign.close();
    const error = await failure(sales().open());
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining("another program's") });
    const again = open<string, string>({ path: directory, noSubdir: false });
    expect([...again.getKeys()]).toEqual(['theirs']);
    await again.close();
  });

  it('refuses a store of another format, naming both', async () => {
    const store = await openSales();
    await store.write([sale(0, 'ann', 0)]);
    await store.close();
    const root = open<Buffer, Buffer>({ path: directory, noSubdir: false, overlappingSync: false });
    const meta = root.openDB<Buffer, Buffer>('kafka-rx/meta', { encoding: 'binary', keyEncoding: 'binary' });
    await meta.put(Buffer.from('format'), Buffer.from([0, 0, 0, 9]));
    await root.close();
    for (const readOnly of [true, false]) {
      const error = await failure(sales({ readOnly }).open());
      expect(error).toMatchObject({ code: 'STORE', message: expect.stringMatching(/format 9.*format 1/) });
    }
  });

  it('goes on from a newer picture when a scan outlasts snapshotMs, leaving out and repeating nothing', async () => {
    const store = await openSales({ snapshotMs: 1 });
    // Two generations, filed under even and odd times: the scan merges them, and reads keys of each ahead.
    const even = Array.from({ length: documentsOfGeneration }, (_, i) => sale(i, 'ann', 2 * i));
    const odd = Array.from({ length: 1000 }, (_, i) => sale(100_000 + i, 'ann', 2 * i + 1));
    await store.write(even);
    await store.write(odd);
    const scan = store.byCustomer('ann')[Symbol.asyncIterator]();
    const times = [(await scan.next()).value?.time];
    await new Promise(resolve => setTimeout(resolve, 20));
    // Ahead of the scan and no longer ann's, some of their keys read already, some not; and one that lies behind it.
    const moved = [300, 301, 302, 1501, 3000];
    const source = (time: number) => (time % 2 === 0 ? time / 2 : 100_000 + (time - 1) / 2);
    await store.write([...moved.map(time => sale(source(time), 'bob', time)), sale(200_000, 'ann', 0)]);
    for (let next = await scan.next(); next.done !== true; next = await scan.next())
      times.push(next.value.time);
    const expected = [...even, ...odd].map(({ value }) => value.at).sort((a, b) => a - b);
    expect(times).toEqual(expected.filter(time => !moved.includes(time)));
  });

  it('leaves nothing in its indexes of where a document was filed before', async () => {
    const store = await openSales();
    const many = Array.from({ length: documentsOfGeneration + 10 }, (_, i) => sale(i, 'ann', i));
    await store.write(many);
    // Written again in a later generation: as they were, then elsewhere, then back.
    await store.write(many.slice(0, 50));
    await store.write(
      Array.from({ length: 50 }, (_, i) => sale(i, i % 2 === 0 ? 'bob' : 'ann', i % 3 === 0 ? -i - 1 : i)),
    );
    await store.write(many.slice(0, 20));
    expect(await all(store.byCustomer('ann'))).toHaveLength(many.length - 15);
    await store.close();

    const root = open<Buffer, Buffer>({ path: directory, noSubdir: false, readOnly: true });
    for (const name of ['documents', 'by-time', 'by-customer']) {
      const table = root.openDB<Buffer, Buffer>(`kafka-rx/${name}`, {
        encoding: 'binary',
        keyEncoding: 'binary',
      });
      expect(table.getKeysCount()).toBe(many.length);
    }
    await root.close();
  });

  it('lets the event loop turn while a long scan goes on', async () => {
    const store = await openSales();
    await store.write(Array.from({ length: 3000 }, (_, i) => sale(i, 'ann', i)));
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    for await (const { time } of store.byTime()) if (time === 2999) clearInterval(count);
    expect(turns).toBeGreaterThan(0);
  });

  it('does not hold on to old pages for a scan that sleeps', async () => {
    const store = await openSales({ snapshotMs: 20 });
    await store.write(Array.from({ length: 2000 }, (_, i) => sale(i, 'ann', i)));
    const growth = async () => {
      for (let i = 0; i < 60; i++)
        await store.write(Array.from({ length: 500 }, (_, k) => sale(k, 'ann', k)));
      return statSync(join(directory, 'data.mdb')).size;
    };
    const calm = await growth();
    const scan = store.byTime()[Symbol.asyncIterator]();
    await scan.next();
    await new Promise(resolve => setTimeout(resolve, 60));
    expect(await growth()).toBeLessThan(calm * 1.5);
    await scan.return?.();
  });

  it('keeps nothing in the file but what was written', async () => {
    const store = await openSales();
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    for (let i = 0; i < 20; i++) {
      // What a pipeline has in memory while it masks, given back in pieces of a page for LMDB to take.
      Array.from({ length: 200 }, () =>
        Buffer.allocUnsafeSlow(4096 - 16 * (i % 4)).fill('SECRET-4111111111111111'),
      );
      collectGarbage();
      await new Promise(resolve => setTimeout(resolve, 1));
      await store.write(Array.from({ length: 1000 }, (_, k) => sale(i * 1000 + k, `c${k}`, k)));
    }
    await store.close();
    expect(readFileSync(join(directory, 'data.mdb')).includes('4111111111111111')).toBe(false);
  });

  it('keeps a value that its codec encodes as null', async () => {
    const store = lmdb<null>('nulls', {
      directory,
      value: { name: 'null', encode: () => null, decode: () => null },
    });
    opened.push(store);
    await store.open();
    await store.write([
      { source: { origin, partition: 0, offset: 0, ordinal: '' }, timestamp: 5, value: null },
    ]);
    expect(await all(store.byTime())).toEqual([{ id: `${origin}/0/0`, value: null, time: 5 }]);
  });

  it('gives codecs the coordinates of a document that cannot be decoded, and awaits their preparation', async () => {
    const prepared: number[] = [];
    const store = await openSales({
      value: {
        ...saleCodec,
        prepare: async batch => void prepared.push(batch.length),
        decode(bytes, at) {
          if (at.offset === 1) throw new KafkaRxError('DECODE', 'Not a sale', { at });
          return saleCodec.decode(bytes, at);
        },
      },
    });
    await store.write([sale(0, 'ann', 0), sale(1, 'ann', 1)]);
    await expect(all(store.byTime())).rejects.toMatchObject({
      code: 'DECODE',
      at: { topic: origin, offset: 1 },
    });
    await expect(store.get(`${origin}/0/1`)).rejects.toMatchObject({ code: 'DECODE' });
    expect(prepared).toEqual([2, 1]);
  });

  it('stores nothing, origins included, of a batch that the codec refuses', async () => {
    const store = await openSales({
      value: {
        ...saleCodec,
        encode(value) {
          if (value.at < 0) throw new KafkaRxError('ENCODE', 'Not a sale');
          return saleCodec.encode(value);
        },
      },
    });
    const refused = store.write([sale(0, 'ann', 0, { origin: 'never' }), sale(1, 'ann', -1)]);
    await expect(refused).rejects.toMatchObject({ code: 'ENCODE' });
    await store.write([sale(2, 'ann', 2, { origin: 'kept' })]);
    expect((await all(store.byTime())).map(({ id }) => id)).toEqual(['kept/0/2']);
  });

  it('takes a failed transaction back as a whole, the origins that it learned too', async () => {
    const store = await openSales();
    await store.write([sale(0, 'ann', 0)]);
    const put = LmdbWriter.prototype.put;
    const failing = jest.spyOn(LmdbWriter.prototype, 'put').mockImplementationOnce(function (
      this: LmdbWriter,
      batch,
    ) {
      put.call(this, batch);
      throw new Error('4111111111111111');
    });
    const error = await failure(store.write([sale(0, 'bob', 0), sale(1, 'ann', 1, { origin: 'never' })]));
    failing.mockRestore();
    expect(error).toMatchObject({
      code: 'STORE',
      retriable: true,
      message: expect.stringContaining(directory),
    });
    expect(String(error)).not.toContain('4111111111111111');
    expect((await all(store.byTime())).map(({ value }) => value.customer)).toEqual(['ann']);
    expect(await store.count()).toBe(1);

    await store.write([sale(2, 'ann', 2, { origin: 'kept' })]);
    await store.close();
    await store.open();
    expect((await all(store.byCustomer('ann'))).map(({ id }) => id)).toEqual([`${origin}/0/0`, 'kept/0/2']);
  });

  it('names its default folder without touching it', () => {
    expect(lmdb('some-store', { value: saleCodec }).directory).toMatch(/kafka-rx.some-store$/);
    expect(() => lmdb('../elsewhere', { value: saleCodec })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION' }),
    );
  });
});
