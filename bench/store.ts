import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rawPurchases } from '../demos/purchases/cdnow.js';
import { drawsFrom } from '../demos/purchases/draws.js';
import type { MaskedPurchase, Purchase } from '../demos/purchases/model.js';
import { historyOptions } from '../demos/purchases/topology.js';
import { maskCardNumber } from '../lib/card/card-number.js';
import { documentId } from '../lib/stores/document-source.js';
import { lmdb } from '../lib/stores/lmdb.js';
import type { Document, DocumentStore } from '../lib/stores/port.js';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import { cpuNs } from './cpu-time.js';
import { shownSpread, spreadOf } from './spread.js';

const defaultRecords = 200_000;
/** As the app writes: `defaults.store.maxDocuments`. */
const documentsPerWrite = 2000;
const idsRead = 20_000;
const customersRead = 3000;

interface Figure {
  readonly perSecond: number[];
  readonly cpuUs: number[];
}

/** The demo's history store as it is: LMDB, each write a transaction that is flushed to the disk before it resolves. */
export async function measureStore(
  { rounds, records = defaultRecords }: BenchmarkOptions,
  tell: Tell,
): Promise<Outcome> {
  const values = await maskedPurchases();
  const figures = {
    written: figure(),
    'read by id': figure(),
    'read by customer': figure(),
  };
  let bytes = 0;
  for (let round = 1; round <= rounds; round++) {
    tell(`store: round ${round} of ${rounds}`);
    const directory = await mkdtemp(join(tmpdir(), 'kafka-rx-bench-store-'));
    const store = lmdb('history', { ...historyOptions, directory });
    try {
      await store.open();
      await measure(figures.written, () => writeAll(store, values, records));
      await measure(figures['read by id'], () => readIds(store, records, round));
      await measure(figures['read by customer'], () => readCustomers(store, values, round));
      if ((await store.count()) !== records) throw new Error('not every document is in the store');
      bytes = (await stat(join(directory, 'data.mdb'))).size;
    } finally {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    }
  }
  const measured = Object.entries(figures).map(([what, { perSecond, cpuUs }]) => ({
    what,
    perSecond: spreadOf(perSecond),
    cpuUs: spreadOf(cpuUs),
  }));
  const written = spreadOf(figures.written.perSecond).median;
  return {
    lines: [
      `${records.toLocaleString('en-US')} masked purchases in writes of ${documentsPerWrite.toLocaleString('en-US')}, each flushed; ${(bytes / 2 ** 20).toFixed(0)} MiB on disk; ${rounds} rounds`,
      `  ${'median (min–max)'.padEnd(18)} ${'documents/s'.padEnd(28)} CPU µs a document`,
      ...measured.map(
        each =>
          `  ${each.what.padEnd(18)} ${shownSpread(each.perSecond).padEnd(28)} ${shownSpread(each.cpuUs, 1)}`,
      ),
    ],
    verdict: `${Math.round(written).toLocaleString('en-US')} documents/s written`,
    pass: undefined,
    figures: { documents: records, documentsPerWrite, bytesOnDisk: bytes, measured },
  };
}

function figure(): Figure {
  return { perSecond: [], cpuUs: [] };
}

/** @param work says how many documents it wrote or read */
async function measure({ perSecond, cpuUs }: Figure, work: () => Promise<number>): Promise<void> {
  const cpuFrom = cpuNs();
  const from = performance.now();
  const documents = await work();
  perSecond.push(documents / ((performance.now() - from) / 1000));
  cpuUs.push((cpuNs() - cpuFrom) / 1000 / documents);
}

async function maskedPurchases(): Promise<readonly MaskedPurchase[]> {
  const values: MaskedPurchase[] = [];
  for await (const raw of rawPurchases()) {
    // The file's purchases are of the model's form, as spec/demos holds them to be.
    const purchase = raw as unknown as Purchase;
    values.push({ ...purchase, cardNumber: maskCardNumber(purchase.cardNumber) });
  }
  // A topic has them by time, its customers mixed; the file has them by customer.
  return values.sort((a, b) => (a.purchasedAt < b.purchasedAt ? -1 : 1));
}

function sourceOf(i: number): Document<MaskedPurchase>['source'] {
  return { origin: 'bench/transactions', partition: i % 4, offset: Math.floor(i / 4), ordinal: '' };
}

async function writeAll(
  store: DocumentStore<MaskedPurchase>,
  values: readonly MaskedPurchase[],
  records: number,
): Promise<number> {
  for (let from = 0; from < records; from += documentsPerWrite) {
    const documents: Document<MaskedPurchase>[] = [];
    for (let i = from; i < Math.min(records, from + documentsPerWrite); i++) {
      const value = values[i % values.length];
      if (value !== undefined) documents.push({ source: sourceOf(i), value, timestamp: i });
    }
    await store.write(documents);
  }
  return records;
}

async function readIds(
  store: DocumentStore<MaskedPurchase>,
  records: number,
  round: number,
): Promise<number> {
  const draw = drawsFrom(`ids ${round}`);
  for (let i = 0; i < idsRead; i++) {
    const id = documentId(sourceOf(Math.floor(draw() * records)));
    if ((await store.get(id)) === undefined) throw new Error(`${id} is not in the store`);
  }
  return idsRead;
}

async function readCustomers(
  store: DocumentStore<MaskedPurchase>,
  values: readonly MaskedPurchase[],
  round: number,
): Promise<number> {
  const draw = drawsFrom(`customers ${round}`);
  let documents = 0;
  for (let i = 0; i < customersRead; i++) {
    const customer = values[Math.floor(draw() * values.length)]?.customerId ?? '';
    for await (const { value } of store.by('customer', customer)) {
      if (value.customerId !== customer) throw new Error(`a document of another customer than ${customer}`);
      documents++;
    }
  }
  return documents;
}
