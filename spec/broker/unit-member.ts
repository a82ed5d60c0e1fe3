/**
 * A member that copies `in` to `out` in units of work, on the driver port, until it is killed. Tells the test by IPC how many
 * records it has committed, and when a unit's records are written and not committed yet. Its argument is the task as JSON.
 */
import { kafkajs } from 'kafka-rx/kafkajs';
import { delay, systemClock } from '../../lib/base/clock.js';
import type { FetchedBatch, ProducerOutput } from '../../lib/drivers/port.js';
import { quietContext } from '../drivers/quiet-context.js';

export interface UnitTask {
  readonly brokers: readonly string[];
  readonly groupId: string;
}

/** What it tells: records committed by this process, and whether written ones wait for their commit. */
export interface UnitReport {
  readonly committed: number;
  readonly open: boolean;
}

const recordsInUnit = 5;
/** A unit stays open for so long: time to be killed in. */
const openForMs = 10;

const { brokers, groupId }: UnitTask = JSON.parse(process.argv[2] ?? '{}');
process.on('disconnect', () => process.exit());

const connection = await kafkajs({ brokers, metadataMaxAgeMs: 2_000 }).connect(quietContext('unit-member'));
// Before the consumer: what the former owner left open is settled before the offsets are read.
const unit = await connection.unitOfWork?.('0', groupId, {
  ...{ maxRecordBytes: 100_000, deliveryTimeoutMs: 60_000, transactionTimeoutMs: 60_000 },
});
if (unit === undefined) throw new Error('the fast path has units of work');
await unit.prepare(['out']);
const listener = { acknowledged: () => {}, refused: () => {} };
const outputs = [0, 1].map(partition => unit.output({ topic: 'out', partition }, listener));
let committed = 0;

function tell(open: boolean): void {
  if (process.connected) process.send?.({ committed, open } satisfies UnitReport);
}

async function copy(batch: FetchedBatch, to: ProducerOutput): Promise<void> {
  if (unit === undefined) return;
  const { topic, partition, epoch } = batch;
  for (let record = batch.next(); record !== undefined; ) {
    unit.begin();
    let offset = record.offset;
    let written = 0;
    for (; written < recordsInUnit && record !== undefined; written++, record = batch.next()) {
      to.append(record.key, record.value, record.headers, record.timestamp);
      offset = record.offset + 1;
    }
    await unit.flush();
    tell(true);
    await delay(systemClock, openForMs);
    await unit.commit([{ topic, partition, epoch, offset }]);
    committed += written;
    tell(false);
  }
}

function fail(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
}

let last: Promise<void> = Promise.resolve();
const consumer = connection.consumer(
  {
    groupId,
    topics: ['in'],
    startFrom: 'earliest',
    coPartitioned: [],
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: 6_000,
    readCommitted: true,
  },
  {
    assigned: () => {},
    revoking: async () => {},
    lost: () => fail('lost'),
    confirmed: () => {},
    failed: fail,
    batch: batch => {
      const to = outputs[batch.partition];
      if (to !== undefined) last = last.then(() => copy(batch, to)).catch(fail);
    },
  },
);
await consumer.start();
