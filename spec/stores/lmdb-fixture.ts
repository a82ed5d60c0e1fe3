import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LmdbOptions, type LmdbStore, lmdb } from '../../lib/stores/lmdb.js';
import { type Sale, saleCodec, saleIndexes } from '../contract/sales.js';

/** A folder for each test, and stores in it that are closed when the test ends. */
export interface LmdbFixture {
  readonly directory: string;
  sales(options?: Partial<LmdbOptions<Sale>>): LmdbStore<Sale>;
  openSales(options?: Partial<LmdbOptions<Sale>>): Promise<LmdbStore<Sale>>;
}

export function lmdbFixture(): LmdbFixture {
  let directory = '';
  const made: LmdbStore<Sale>[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kafka-rx-lmdb-'));
  });
  afterEach(async () => {
    for (const store of made.splice(0)) await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const sales = (options: Partial<LmdbOptions<Sale>> = {}) => {
    const store = lmdb<Sale>('sales', { ...saleIndexes, value: saleCodec, directory, ...options });
    made.push(store);
    return store;
  };
  return {
    get directory() {
      return directory;
    },
    sales,
    async openSales(options) {
      const store = sales(options);
      await store.open();
      return store;
    },
  };
}

/** What `work` rejects with. */
export function failure(work: Promise<unknown> | undefined): Promise<unknown> {
  return Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** How the store opens its tables, for a look beneath it. */
export const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
