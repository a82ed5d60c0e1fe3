import type { MaskedPurchase } from '../demos/purchases/model.js';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import { NullProducer } from './null-producer.js';
import { NullStore } from './null-store.js';
import { purchaseApp } from './purchase-app.js';
import { purchaseLogs, purchasePartitions } from './purchase-logs.js';
import { shownSlope, slopeOf } from './slope.js';
import { spreadOf } from './spread.js';

const purchases = 1_000_000;
const writeMs = 50;
const writesBetweenSamples = 10;
/** Flat: the last quarter's median heap is not above the second quarter's by more than the larger of these. */
const tolerance = { share: 0.1, mib: 20 };

interface Sample {
  readonly purchases: number;
  readonly heapMib: number;
  readonly rssMib: number;
}

/**
 * The purchase topology in a real app, its store 50 ms slow: everything else is a hundred times faster, so what is not
 * bounded piles up before the store.
 */
export async function measureMemory(_options: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('memory needs node --expose-gc, as npm run bench gives it');
  const logs = purchaseLogs(await purchasePartitions(), purchases);
  const samples: Sample[] = [];
  let peakRss = 0;
  const store = new NullStore<MaskedPurchase>({
    writeMs,
    written: (writes, documents) => {
      // Before the collection: what the machine has to have.
      peakRss = Math.max(peakRss, process.memoryUsage.rss());
      if (writes % writesBetweenSamples !== 0) return;
      gc();
      const { heapUsed, rss } = process.memoryUsage();
      samples.push({ purchases: documents, heapMib: heapUsed / 2 ** 20, rssMib: rss / 2 ** 20 });
      tell(`memory: ${documents.toLocaleString('en-US')} of ${purchases.toLocaleString('en-US')} purchases`);
    },
  });
  const from = performance.now();
  await purchaseApp(logs, new NullProducer(logs.length, false), store);
  const seconds = (performance.now() - from) / 1000;

  const quarter = (index: number): readonly Sample[] =>
    samples.slice(Math.floor((samples.length * index) / 4), Math.floor((samples.length * (index + 1)) / 4));
  const second = spreadOf(quarter(1).map(sample => sample.heapMib));
  const last = spreadOf(quarter(3).map(sample => sample.heapMib));
  const allowed = second.median + Math.max(second.median * tolerance.share, tolerance.mib);
  const afterWarmUp = samples.slice(Math.floor(samples.length / 4));
  const millions = (sample: Sample): number => sample.purchases / 1e6;
  const heapSlope = slopeOf(afterWarmUp, millions, sample => sample.heapMib);
  const rssSlope = slopeOf(afterWarmUp, millions, sample => sample.rssMib);
  const peakMib = peakRss / 2 ** 20;
  const { records } = store.written();
  return {
    lines: [
      `${records.toLocaleString('en-US')} purchases into a store that takes ${writeMs} ms a write (${store.writes} writes) in ${seconds.toFixed(0)} s`,
      `  RSS   peak ${peakMib.toFixed(0)} MiB, after warm-up ${shownSlope(rssSlope)} MiB per million`,
      `  heap  after gc: second quarter ${second.median.toFixed(1)} MiB, last ${last.median.toFixed(1)} MiB, ${shownSlope(heapSlope)} MiB per million`,
    ],
    verdict: `peak RSS ${peakMib.toFixed(0)} MiB; heap ${last.median <= allowed ? 'flat' : 'not flat'}: ${second.median.toFixed(1)} MiB, later ${last.median.toFixed(1)}, allowed ${allowed.toFixed(1)}`,
    pass: last.median <= allowed,
    figures: {
      purchases: records,
      seconds,
      writes: store.writes,
      peakRssMib: peakMib,
      heapSecondQuarterMib: second.median,
      heapLastQuarterMib: last.median,
      heapMibPerMillion: heapSlope,
      rssMibPerMillion: rssSlope,
      samples,
    },
  };
}
