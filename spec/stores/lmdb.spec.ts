import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { open } from 'lmdb';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { lmdb } from '../../lib/stores/lmdb.js';
import { documentsOfGeneration } from '../../lib/stores/lmdb-layout.js';
import { LmdbWriter } from '../../lib/stores/lmdb-writer.js';
import { all, origin, sale, saleCodec } from '../contract/sales.js';
import { binary, failure, lmdbFixture } from './lmdb-fixture.js';

const fixture = lmdbFixture();

describe('the lmdb store', () => {
  it('can be read and written in one process by two stores', async () => {
    const writer = await fixture.openSales();
    await writer.write([sale(0, 'ann', 0)]);
    const reader = await fixture.openSales({ readOnly: true });
    expect(await all(reader.by('customer', 'ann'))).toHaveLength(1);
    await writer.write([sale(1, 'ann', 1, { origin: 'new' })]);
    expect(await all(reader.by('customer', 'ann'))).toHaveLength(2);
    expect((await reader.get('new/0/1'))?.time).toBe(1);
    await reader.close();
    expect(await writer.count()).toBe(2);
  });

  it('begins a scan with what others wrote, though it has read in this turn of the event loop', async () => {
    await (await fixture.openSales()).write([sale(0, 'ann', 0), sale(1, 'ann', 1)]);
    const reader = await fixture.openSales({ readOnly: true });
    const other = open<Buffer, Buffer>({ path: fixture.directory, noSubdir: false, overlappingSync: false });
    const byTime = other.openDB<Buffer, Buffer>('kafka-rx/by-time', binary);
    const [first] = [...byTime.getKeys()];
    // From here on in one turn: nothing is awaited that the event loop would have to turn for.
    await reader.count();
    byTime.removeSync(first ?? Buffer.alloc(0));
    expect(await all(reader.byTime())).toHaveLength(1);
    await other.close();
  });

  it('goes on from a newer picture when a scan outlasts snapshotMs, leaving out and repeating nothing', async () => {
    const store = await fixture.openSales({ snapshotMs: 1 });
    // Two generations, filed under even and odd times: the scan merges them, and reads keys of each ahead.
    const even = Array.from({ length: documentsOfGeneration }, (_, i) => sale(i, 'ann', 2 * i));
    const odd = Array.from({ length: 1000 }, (_, i) => sale(100_000 + i, 'ann', 2 * i + 1));
    await store.write(even);
    await store.write(odd);
    const scan = store.by('customer', 'ann')[Symbol.asyncIterator]();
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
    const store = await fixture.openSales();
    const many = Array.from({ length: documentsOfGeneration + 10 }, (_, i) => sale(i, 'ann', i));
    await store.write(many);
    // Written again in a later generation: as they were, then elsewhere, then back.
    await store.write(many.slice(0, 50));
    await store.write(
      Array.from({ length: 50 }, (_, i) => sale(i, i % 2 === 0 ? 'bob' : 'ann', i % 3 === 0 ? -i - 1 : i)),
    );
    await store.write(many.slice(0, 20));
    expect(await all(store.by('customer', 'ann'))).toHaveLength(many.length - 15);
    await store.close();

    const root = open<Buffer, Buffer>({ path: fixture.directory, noSubdir: false, readOnly: true });
    for (const name of ['documents', 'by-time', 'by-index']) {
      const table = root.openDB<Buffer, Buffer>(`kafka-rx/${name}`, binary);
      expect(table.getKeysCount()).toBe(name === 'by-index' ? 2 * many.length : many.length);
    }
    await root.close();
  });

  it('lets the event loop turn while a long scan goes on', async () => {
    const store = await fixture.openSales();
    await store.write(Array.from({ length: 3000 }, (_, i) => sale(i, 'ann', i)));
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    for await (const { time } of store.byTime()) if (time === 2999) clearInterval(count);
    expect(turns).toBeGreaterThan(0);
  });

  it('does not hold on to old pages for a scan that sleeps', async () => {
    const store = await fixture.openSales({ snapshotMs: 20 });
    await store.write(Array.from({ length: 2000 }, (_, i) => sale(i, 'ann', i)));
    const growth = async () => {
      for (let i = 0; i < 60; i++)
        await store.write(Array.from({ length: 500 }, (_, k) => sale(k, 'ann', k)));
      return statSync(join(fixture.directory, 'data.mdb')).size;
    };
    const calm = await growth();
    const scan = store.byTime()[Symbol.asyncIterator]();
    await scan.next();
    await new Promise(resolve => setTimeout(resolve, 60));
    expect(await growth()).toBeLessThan(calm * 1.5);
    await scan.return?.();
  });

  it('keeps nothing in the file but what was written', async () => {
    const store = await fixture.openSales();
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
    expect(readFileSync(join(fixture.directory, 'data.mdb')).includes('4111111111111111')).toBe(false);
  });

  it('keeps a value that its codec encodes as null', async () => {
    const store = lmdb<null>('nulls', {
      directory: fixture.directory,
      value: { name: 'null', encode: () => null, decode: () => null },
    });
    await store.open();
    await store.write([
      { source: { origin, partition: 0, offset: 0, ordinal: '' }, timestamp: 5, value: null },
    ]);
    expect(await all(store.byTime())).toEqual([{ id: `${origin}/0/0`, value: null, time: 5 }]);
    await store.close();
  });

  it('gives codecs the coordinates of a document that cannot be decoded, and awaits their preparation', async () => {
    const prepared: number[] = [];
    const store = await fixture.openSales({
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
      message: expect.stringContaining(`the document '${origin}/0/1' (partition 0, offset 1): Not a sale`),
    });
    await expect(store.get(`${origin}/0/1`)).rejects.toMatchObject({ code: 'DECODE' });
    expect(prepared).toEqual([2, 1]);
  });

  it('stores nothing, origins included, of a batch that the codec refuses', async () => {
    const store = await fixture.openSales({
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
    const store = await fixture.openSales();
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
      message: expect.stringContaining(fixture.directory),
    });
    expect(String(error)).not.toContain('4111111111111111');
    expect((await all(store.byTime())).map(({ value }) => value.customer)).toEqual(['ann']);
    expect(await store.count()).toBe(1);

    await store.write([sale(2, 'ann', 2, { origin: 'kept' })]);
    await store.close();
    await store.open();
    expect((await all(store.by('customer', 'ann'))).map(({ id }) => id)).toEqual([
      `${origin}/0/0`,
      'kept/0/2',
    ]);
  });
});
