import { join } from 'node:path';
import { topics } from '../../demos/purchases/topology.js';
import type { BenchmarkOptions, Outcome, Tell } from '../benchmark.js';
import { withBenchBroker } from '../flow/bench-broker.js';
import { loadInput } from '../flow/flow-input.js';
import { compileInto } from '../peers/compiled.js';
import { reportOf } from '../report-of.js';
import { type SoakReport, soakOutcome } from './soak-samples.js';

const defaultRecords = 5_000_000;
const partitions = 4;
const timeoutMs = 1_800_000;

/** The same as `soak` with a real broker on both sides: what a driver keeps shows here only. */
export async function measureBrokerSoak(
  { records = defaultRecords }: BenchmarkOptions,
  tell: Tell,
): Promise<Outcome> {
  return withBenchBroker(async broker => {
    const folder = join(broker.folder, 'js');
    await compileInto(folder);
    const [input] = topics;
    await broker.freshTopics(topics, partitions);
    tell(`broker-soak: loading ${records.toLocaleString('en-US')} purchases`);
    await loadInput(broker.brokers, input, records, partitions);
    tell(`broker-soak: ${records.toLocaleString('en-US')} purchases`);
    const plan = JSON.stringify({ brokers: broker.brokers, records });
    const program = join(folder, 'bench', 'soak', 'soak-app.js');
    return soakOutcome(await reportOf<SoakReport>('the app', ['--expose-gc', program, plan], timeoutMs));
  });
}
