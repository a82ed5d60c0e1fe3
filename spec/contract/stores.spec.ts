import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from '../../lib/stores/lmdb.js';
import { lmdbOn } from '../../lib/stores/lmdb-store.js';
import { memoryStore } from '../../lib/stores/memory-store.js';
import { lmdbInMemory } from '../stores/lmdb-in-memory.js';
import { saleCodec } from './sales.js';
import { describeStoreContract } from './store-contract.js';

describeStoreContract('memory', async options => {
  const store = memoryStore('sales', options);
  return { store, dispose: () => store.close() };
});

describeStoreContract('memory with a codec', async options => {
  const store = memoryStore('sales', { ...options, value: saleCodec });
  return { store, dispose: () => store.close() };
});

describeStoreContract('lmdb', async options => {
  // With a dot: lmdb-js takes such a path for a file's unless told otherwise.
  const directory = mkdtempSync(join(tmpdir(), 'kafka-rx.store-'));
  const store = lmdb('sales', { ...options, value: saleCodec, directory });
  return {
    store,
    async dispose() {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});

describeStoreContract('lmdb on a simulated LMDB', async options => {
  const store = lmdbOn(lmdbInMemory(), 'sales', { ...options, value: saleCodec });
  return { store, dispose: () => store.close() };
});
