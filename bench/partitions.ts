import { bytes, createApp } from 'kafka-rx';
import { share, tap } from 'rxjs';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import { cpuNs } from './cpu-time.js';
import { NullDriver } from './null-driver.js';
import { type LoggedRecord, NullLog } from './null-log.js';
import { NullProducer } from './null-producer.js';
import { ratioSpread, shownSpread, spreadOf } from './spread.js';

const partitionCounts = [4, 100, 1000] as const;
const fewest = 4;
const most = 1000;
const targetRatio = 1.3;

/** Not measured: a start makes what each partition has of its own, once. */
const warmUpShare = 1 / 3;

/** What is behind a partition count, and how many records make a round of it. */
interface Shape {
  readonly bytes: number;
  readonly branches: number;
  readonly records: number;
  /** Of one partition, in one fetch: at 1,000 partitions there is not room for more. */
  readonly recordsPerBatch: number;
}

const shapes: readonly Shape[] = [
  { bytes: 100, branches: 3, records: 600_000, recordsPerBatch: 50 },
  { bytes: 1024, branches: 1, records: 600_000, recordsPerBatch: 50 },
  { bytes: 1024, branches: 3, records: 600_000, recordsPerBatch: 50 },
  { bytes: 1024, branches: 30, records: 150_000, recordsPerBatch: 50 },
  { bytes: 100 * 1024, branches: 3, records: 150_000, recordsPerBatch: 5 },
];

/** One source, so many branches, each to a topic of its own that has as many partitions; bytes go through as they are. */
export async function measurePartitions({ rounds }: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const cases = shapes.flatMap(shape =>
    partitionCounts.map(partitions => ({ shape, partitions, ns: [] as number[] })),
  );
  for (let round = 0; round <= rounds; round++) {
    for (const each of cases) {
      tell(`partitions: ${shown(each.shape)}, ${each.partitions} partitions, round ${round} of ${rounds}`);
      const ns = await nsPerRecord(each.shape, each.partitions);
      if (round > 0) each.ns.push(ns);
    }
  }
  const measured = shapes.map(shape => {
    const at = (partitions: number): readonly number[] =>
      cases.find(each => each.shape === shape && each.partitions === partitions)?.ns ?? [];
    return {
      shape,
      ns: partitionCounts.map(partitions => ({ partitions, ns: spreadOf(at(partitions)) })),
      ratio: ratioSpread(at(most), at(fewest)),
    };
  });
  const worst = Math.max(...measured.map(({ ratio }) => ratio.median));
  return {
    lines: [
      `CPU ns a record without a broker, median (min–max), ${rounds} rounds in turn; ratio: ${most} partitions to ${fewest}, by round`,
      `  ${'value, branches'.padEnd(22)} ${partitionCounts.map(count => `${count} partitions`.padEnd(24)).join(' ')} ratio`,
      ...measured.map(
        ({ shape, ns, ratio }) =>
          `  ${shown(shape).padEnd(22)} ${ns.map(each => shownSpread(each.ns).padEnd(24)).join(' ')} ${shownSpread(ratio, 2)}`,
      ),
    ],
    verdict: `a record of ${most} partitions costs at most ${worst.toFixed(2)} times one of ${fewest}, target ${targetRatio}`,
    pass: worst <= targetRatio,
    figures: { targetRatio, worst, cases: measured },
  };
}

function shown({ bytes: size, branches }: Shape): string {
  const value = size < 1024 ? `${size} B` : `${size / 1024} KiB`;
  return `${value}, ${branches} ${branches === 1 ? 'branch' : 'branches'}`;
}

async function nsPerRecord(shape: Shape, partitions: number): Promise<number> {
  const value = Buffer.alloc(shape.bytes, 'kafka-rx ');
  // Keys spread what is written over all partitions.
  const records: readonly LoggedRecord[] = Array.from({ length: 997 }, (_, i) => ({
    key: Buffer.from(`customer-${i}`),
    value,
  }));
  const logs = Array.from(
    { length: partitions },
    () => new NullLog(records, shape.records / partitions, shape.recordsPerBatch),
  );
  const outputs = Array.from({ length: shape.branches }, (_, i) => `output-${i}`);
  const driver = new NullDriver({
    topic: 'input',
    logs,
    outputs,
    producer: new NullProducer(partitions, false),
    exhausted: () => void app.stop({ deadlineMs: 60_000 }),
  });
  const app = createApp({ groupId: 'bench', driver });
  const warmUp = Math.floor(shape.records * warmUpShare);
  let seen = 0;
  let from = 0;
  // Above the branches: beside them it would be one more.
  const source = app.topic('input', { value: bytes }).pipe(
    tap(() => {
      if (++seen === warmUp) from = cpuNs();
    }),
    share(),
  );
  for (const output of outputs) source.subscribe(app.to(output, { value: bytes }));
  await app.run();
  const ns = cpuNs() - from;
  for (const [partition, log] of logs.entries()) {
    if (driver.committed[partition] !== log.count)
      throw new Error(`partition ${partition} is not committed to its end`);
  }
  return ns / (shape.records - warmUp);
}
