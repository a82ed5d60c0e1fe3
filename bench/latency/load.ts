/**
 * The load generator and the clock of `bench latency`, a process of its own. Open loop: purchase n is due at its own time, whatever
 * became of those before it, and its latency counts from then; so a stall is felt by all that were due meanwhile.
 */
import { noHeaders, partitionForKey, silentLogger, systemClock } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import type { RawPurchase } from '../../demos/purchases/cdnow.js';
import type { LoadPlan, LoadReport } from './load-plan.js';

// bench/latency/latency.ts wrote it, of this version.
const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
const connection = await kafkajs({ brokers: plan.brokers }).connect({
  clientId: 'load',
  clock: systemClock,
  logger: silentLogger,
  event: () => {},
});

const latencies = new Float64Array(plan.records - plan.warmUp);
const written = new Float64Array(plan.records - plan.warmUp);
let arrived = 0;
let startAt = 0;
let done: () => void = () => {};
const all = new Promise<void>(resolve => {
  done = resolve;
});
const dueAt = (n: number): number => startAt + (n * 1000) / plan.perSecond;

/** The purchase's number is its item: that is what comes out of every contestant unchanged. */
const marker = Buffer.from('"item":"');
const consumer = connection.consumer(
  {
    groupId: `load-${plan.group}`,
    topics: ['purchases'],
    startFrom: 'earliest',
    coPartitioned: [],
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 60_000,
    readCommitted: plan.readCommitted ?? false,
  },
  {
    assigned() {},
    revoking: async () => {},
    confirmed() {},
    lost() {},
    failed(error) {
      throw error;
    },
    batch(batch) {
      const now = performance.now();
      for (let record = batch.next(); record !== undefined; record = batch.next()) {
        const value = record.value ?? Buffer.alloc(0);
        const from = value.indexOf(marker) + marker.length;
        const n = Number(value.toString('latin1', from, value.indexOf('"', from)));
        if (n >= plan.warmUp) latencies[n - plan.warmUp] = now - dueAt(n);
        if (++arrived === plan.records) done();
      }
    },
  },
);
await consumer.start();

const producer = connection.producer({ maxRecordBytes: 1_000_000, deliveryTimeoutMs: 60_000 });
await producer.prepare([plan.input]);
const partitions = producer.partitionCount(plan.input);
const outputs = Array.from({ length: partitions }, (_, partition) => {
  /** The purchases on their way to this partition. */
  const underWay: number[] = [];
  const output = producer.output(
    { topic: plan.input, partition },
    {
      acknowledged(count) {
        const now = performance.now();
        for (const n of underWay.splice(0, count))
          if (n >= plan.warmUp) written[n - plan.warmUp] = now - dueAt(n);
      },
      refused(_count, error) {
        throw error;
      },
    },
  );
  return { output, underWay };
});

startAt = performance.now() + 500;
let sent = 0;
let latest = 0;
const sendDue = (): void => {
  const now = performance.now();
  latest = Math.max(latest, sent < plan.records && sent > plan.warmUp ? now - dueAt(sent) : 0);
  for (; sent < plan.records && dueAt(sent) <= now; sent++) {
    const key = Buffer.from(`customer-${sent % 9973}`);
    const to = outputs[partitionForKey(key, partitions)];
    to?.underWay.push(sent);
    to?.output.append(key, purchaseOf(sent), noHeaders, Date.now());
  }
  // A step of setTimeout is a millisecond or more, which counts as latency; to spin instead would take a core from the others.
  if (sent < plan.records) setTimeout(sendDue, 1);
};
sendDue();
await all;
await producer.flush();
await connection.close();

latencies.sort();
written.sort();
const at = (share: number, of = latencies): number => of[Math.ceil(of.length * share) - 1] ?? Number.NaN;
const report: LoadReport = {
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  p999Ms: at(0.999),
  maxMs: at(1),
  sentLateMs: latest,
  writtenP99Ms: at(0.99, written),
};
process.stdout.write(`${JSON.stringify(report)}\n`);

function purchaseOf(n: number): Buffer {
  const purchase: RawPurchase = {
    customerId: `customer-${n % 9973}`,
    storeId: 'store-1',
    zipCode: '12345',
    item: String(n),
    department: 'music',
    quantity: 1 + (n % 9),
    price: 11.77,
    purchasedAt: '1997-05-31T18:30:00.000Z',
    cardNumber: '4111-1111-1111-1111',
  };
  return Buffer.from(JSON.stringify(purchase));
}
