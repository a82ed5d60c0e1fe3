import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { origin, sale } from '../contract/sales.js';
import { lmdbFixture } from './lmdb-fixture.js';

const fixture = lmdbFixture();
const start = [{ origin, partition: 0, offset: 0 }];

describe('a store that somebody resets while it is open', () => {
  it('takes no more of whoever opened it before, until opened again', async () => {
    const running = await fixture.openSales();
    await running.write([sale(0, 'ann', 1)]);
    const resetting = await fixture.openSales();
    await resetting.positions?.reincarnate(start);

    const refused = { code: 'STORE', retriable: false, message: expect.stringContaining('was reset') };
    await expect(running.write([sale(1, 'ann', 2)])).rejects.toMatchObject(refused);
    await expect(running.positions?.advance([{ origin, partition: 0, offset: 2 }])).rejects.toMatchObject(
      refused,
    );
    expect(await resetting.count()).toBe(0);
    expect(resetting.positions?.read(origin, 0)).toBe(0);

    await resetting.write([sale(0, 'ann', 3)]);
    await running.close();
    await running.open();
    await running.write([sale(1, 'ann', 4)]);
    expect(await running.count()).toBe(2);
  });
});

describe('a copy of a store', () => {
  it('has its id and the positions of its time', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'kafka-rx-copy-'));
    try {
      const store = await fixture.openSales();
      await store.positions?.advance([{ origin, partition: 0, offset: 4 }]);
      cpSync(fixture.directory, copy, { recursive: true });
      await store.positions?.advance([{ origin, partition: 0, offset: 9 }]);
      const copied = await fixture.openSales({ directory: copy });
      expect(copied.positions?.id).toBe(store.positions?.id);
      expect(copied.positions?.read(origin, 0)).toBe(4);
      await copied.close();
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});

describe('a store opened for reading only', () => {
  it('tells its position and changes nothing', async () => {
    const store = await fixture.openSales();
    await store.positions?.advance([{ origin, partition: 0, offset: 4 }]);
    await store.close();
    const reader = await fixture.openSales({ readOnly: true });
    expect(reader.positions?.read(origin, 0)).toBe(4);
    const refused = { code: 'STORE', message: expect.stringContaining('reading only') };
    await expect(reader.positions?.advance(start)).rejects.toMatchObject(refused);
    await expect(reader.positions?.reincarnate(start)).rejects.toMatchObject(refused);
  });
});
