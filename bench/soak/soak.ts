import type { MaskedPurchase } from '../../demos/purchases/model.js';
import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { NullProducer } from '../null-producer.js';
import { NullStore } from '../null-store.js';
import { purchaseApp } from '../purchase-app.js';
import { purchaseLogs, purchasePartitions } from '../purchase-logs.js';
import { SoakSamples, soakOutcome } from './soak-samples.js';

const defaultRecords = 10_000_000;

/** The purchase topology in a real app for as long as ten million purchases take, on a null driver and a null store. */
export async function measureSoak(
  { records = defaultRecords }: BenchmarkOptions,
  tell: Tell,
): Promise<Outcome> {
  const logs = purchaseLogs(await purchasePartitions(), records);
  const samples = new SoakSamples(records, purchases =>
    tell(`soak: ${purchases.toLocaleString('en-US')} of ${records.toLocaleString('en-US')} purchases`),
  );
  const store = new NullStore<MaskedPurchase>({
    written: (_writes, purchases) => samples.stored(purchases),
  });
  await purchaseApp(logs, new NullProducer(logs.length, false), store);
  return soakOutcome(samples.report());
}
