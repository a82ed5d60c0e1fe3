import type { MaskedPurchase } from '../demos/purchases/model.js';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import { NullProducer } from './null-producer.js';
import { NullStore } from './null-store.js';
import { purchaseApp } from './purchase-app.js';
import { purchaseLogs, purchasePartitions } from './purchase-logs.js';
import { shownSlope, slopeOf } from './slope.js';

const defaultRecords = 10_000_000;
const sampleCount = 50;
/** Pools, compiled code and the young generation have their size by then. */
const warmUpShare = 0.2;
const targetShare = 0.01;

interface Sample {
  readonly purchases: number;
  readonly seconds: number;
  readonly rssMib: number;
  readonly heapMib: number;
}

/** The purchase topology in a real app for as long as ten million purchases take, on a null driver and a null store. */
export async function measureSoak(
  { records = defaultRecords }: BenchmarkOptions,
  tell: Tell,
): Promise<Outcome> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('soak needs node --expose-gc, as npm run bench gives it');
  const logs = purchaseLogs(await purchasePartitions(), records);
  const samples: Sample[] = [];
  const from = performance.now();
  let startMs = 0;
  let next = records / sampleCount;
  const store = new NullStore<MaskedPurchase>({
    written(_writes, purchases) {
      if (startMs === 0) startMs = performance.now() - from;
      if (purchases < next) return;
      next += records / sampleCount;
      // What lives, without what has only not been collected yet.
      gc();
      const { rss, heapUsed } = process.memoryUsage();
      samples.push({
        purchases,
        seconds: (performance.now() - from) / 1000,
        rssMib: rss / 2 ** 20,
        heapMib: heapUsed / 2 ** 20,
      });
      tell(`soak: ${purchases.toLocaleString('en-US')} of ${records.toLocaleString('en-US')} purchases`);
    },
  });
  await purchaseApp(logs, new NullProducer(logs.length, false), store);
  const seconds = (performance.now() - from) / 1000;

  const warm = samples.filter(({ purchases }) => purchases >= records * warmUpShare);
  const millions = (sample: Sample): number => sample.purchases / 1e6;
  const rssSlope = slopeOf(warm, millions, sample => sample.rssMib);
  const heapSlope = slopeOf(warm, millions, sample => sample.heapMib);
  const rssMib = warm[0]?.rssMib ?? Number.NaN;
  const share = rssSlope / rssMib;
  const { records: done } = store.written();
  return {
    lines: [
      `${done.toLocaleString('en-US')} purchases in ${seconds.toFixed(0)} s, ${Math.round(done / seconds).toLocaleString('en-US')}/s; ${startMs.toFixed(0)} ms from the app's start to the first stored`,
      `  RSS   ${rssMib.toFixed(0)} MiB after warm-up, then ${shownSlope(rssSlope)} MiB per million`,
      `  heap  ${shownSlope(heapSlope)} MiB per million`,
    ],
    verdict: `RSS grows by ${(share * 100).toFixed(2)} % per million purchases, target below ${targetShare * 100} %`,
    pass: share < targetShare,
    figures: {
      purchases: done,
      seconds,
      startMs,
      rssMib,
      rssMibPerMillion: rssSlope,
      heapMibPerMillion: heapSlope,
      rssSharePerMillion: share,
      samples,
    },
  };
}
