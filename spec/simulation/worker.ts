/** A process that runs the seeds it is sent, one after the other; forked by the command. */
import type { SeedReport, SeedRequest } from './messages.js';
import { runSeed } from './seeds.js';

process.on('message', (request: SeedRequest) => void runAll(request));

async function runAll({ seeds, kinds, guarantee, system, once = false }: SeedRequest): Promise<void> {
  for (const seed of seeds) {
    const { outcome } = await runSeed(seed, kinds, { twice: !once, guarantee, system });
    const { steps, places, marks, violation } = outcome;
    const report: SeedReport = { seed, steps, places, marks: [...marks], violation };
    process.send?.(report);
  }
}
