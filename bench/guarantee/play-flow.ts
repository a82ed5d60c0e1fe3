import type { BenchBroker } from '../flow/bench-broker.js';
import type { Expected } from '../flow/flow-input.js';
import { requireSums } from '../flow/read-back.js';
import type { Contestants } from '../peers/contestants.js';
import { outputTopics, type Plan, type Report } from '../peers/plan.js';
import { readBackCommitted } from './read-back-committed.js';
import type { Row } from './rows.js';

interface Played extends Row, Pick<Plan, 'group' | 'records' | 'warmUp'> {
  /** Of the outputs. */
  readonly partitions: number;
  /** What readers of committed records must find in them. */
  readonly expected: Expected;
  /** All is written, and is read back now. */
  reading(): void;
}

/** One contestant through all that lies in `transactions`, into empty topics, which are read back. */
export async function playFlow(
  broker: BenchBroker,
  contestants: Contestants,
  { title, name, guarantee, group, records, warmUp, partitions, expected, reading }: Played,
): Promise<Report> {
  await broker.freshTopics(outputTopics, partitions);
  const report = await contestants.run(name, {
    ...{ brokers: broker.brokers, group, input: 'transactions', records, warmUp },
    ...{ tuning: 'throughput', guarantee },
  });
  reading();
  requireSums(await readBackCommitted(broker.brokers, Object.keys(expected)), title, expected);
  return report;
}
