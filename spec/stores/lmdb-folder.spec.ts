import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { lmdb } from '../../lib/stores/lmdb.js';
import { all, origin, sale, saleCodec } from '../contract/sales.js';
import { binary, failure, lmdbFixture } from './lmdb-fixture.js';

const fixture = lmdbFixture();

describe('the folder of an lmdb store', () => {
  it('refuses to write when it was opened for reading', async () => {
    await (await fixture.openSales()).write([sale(0, 'ann', 0)]);
    const reader = await fixture.openSales({ readOnly: true });
    const error = await failure(reader.write([sale(1, 'ann', 0)]));
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining(fixture.directory) });
  });

  it('makes no folder for a reader, and says which path has no store', async () => {
    for (const missing of [join(fixture.directory, 'missing', 'deep'), fixture.directory]) {
      const error = await failure(fixture.sales({ directory: missing, readOnly: true }).open());
      expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining(missing) });
    }
    expect(existsSync(join(fixture.directory, 'missing'))).toBe(false);
    expect(existsSync(join(fixture.directory, 'data.mdb'))).toBe(false);
  });

  it("makes a folder that is its owner's alone", async () => {
    const deep = join(fixture.directory, 'a', 'b.c');
    await fixture.openSales({ directory: deep });
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
    const path = join(fixture.directory, 'odd');
    prepare(path);
    const error = await failure(fixture.sales({ directory: path }).open());
    expect(error).toBeInstanceOf(KafkaRxError);
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining(path) });
  });

  it("refuses another program's database and leaves it as it was", async () => {
    const foreign = open<string, string>({ path: fixture.directory, noSubdir: false });
    await foreign.put('theirs', 'value');
    await foreign.flushed;
    await foreign.close();
    const error = await failure(fixture.sales().open());
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining("another program's") });
    const again = open<string, string>({ path: fixture.directory, noSubdir: false });
    expect([...again.getKeys()]).toEqual(['theirs']);
    await again.close();
  });

  it('refuses a store of another format, naming both', async () => {
    const store = await fixture.openSales();
    await store.write([sale(0, 'ann', 0)]);
    await store.close();
    const root = open<Buffer, Buffer>({ path: fixture.directory, noSubdir: false, overlappingSync: false });
    const meta = root.openDB<Buffer, Buffer>('kafka-rx/meta', binary);
    await meta.put(Buffer.from('format'), Buffer.from([0, 0, 0, 9]));
    await root.close();
    for (const readOnly of [true, false]) {
      const error = await failure(fixture.sales({ readOnly }).open());
      expect(error).toMatchObject({
        code: 'STORE',
        message: expect.stringMatching(/format 9.*format 3.*empty folder.*resetGroup/),
      });
    }
  });

  it('refuses an index that does not file all of its documents, rather than answer with a part', async () => {
    const store = await fixture.openSales({ by: { customer: ({ customer }) => customer } });
    await store.write([sale(0, 'ann', 0)]);
    await store.close();
    const incomplete = {
      code: 'STORE',
      message: expect.stringMatching(/index 'note'.*reset group and store/),
    };
    expect(await failure(fixture.sales().open())).toMatchObject(incomplete);
    const reader = await fixture.openSales({ readOnly: true });
    expect(await all(reader.by('customer', 'ann'))).toHaveLength(1);
    await expect(all(reader.by('note', 'ann@0'))).rejects.toMatchObject(incomplete);
    await reader.close();

    // Opened with fewer indexes, as a reset does, it is as it was until a document is written so.
    const fewer = await fixture.openSales({ by: {} });
    await fewer.close();
    const again = await fixture.openSales({ by: { customer: ({ customer }) => customer } });
    await again.close();
    const writing = await fixture.openSales({ by: {} });
    await writing.write([sale(1, 'ann', 1)]);
    await writing.close();
    const error = await failure(fixture.sales({ by: { customer: ({ customer }) => customer } }).open());
    expect(error).toMatchObject({ code: 'STORE', message: expect.stringContaining("index 'customer'") });

    // Reset to the beginning, it is filled again, by whatever index.
    const resetting = await fixture.openSales({ by: {} });
    await resetting.positions?.reincarnate([{ origin, partition: 0, offset: 0 }]);
    await resetting.close();
    const filled = await fixture.openSales();
    await filled.write([sale(0, 'ann', 0)]);
    expect(await all(filled.by('note', 'ann@0'))).toHaveLength(1);
  });

  it('names its default folder without touching it', () => {
    expect(lmdb('some-store', { value: saleCodec }).directory).toMatch(/kafka-rx.some-store$/);
    expect(() => lmdb('../elsewhere', { value: saleCodec })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION' }),
    );
  });
});
