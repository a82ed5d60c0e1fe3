/** The invariant that nothing is committed to Kafka which a disk could still lose, seen to fail on purpose. */
import type { LmdbHost } from '../../lib/stores/lmdb-host.js';
import { DrawnChoices } from '../../lib/testing/simulation/choices.js';
import type { ProcessContext } from '../../lib/testing/simulation/process-context.js';
import { simulateOnce } from '../../lib/testing/simulation/simulation.js';
import type { SimulationParts, Violation } from '../../lib/testing/simulation/simulation-parts.js';
import { partsOf } from './seeds.js';

const mostSeeds = 100;

/** The first violation among seeds whose store is on disk. */
async function firstOf(
  mistaken: (parts: Omit<SimulationParts, 'choices'>) => Omit<SimulationParts, 'choices'>,
): Promise<(Violation & { readonly seed: number }) | undefined> {
  for (let seed = 1; seed <= mostSeeds; seed++) {
    const { workload, parts } = partsOf(seed);
    if (!('database' in workload.shape) || workload.shape.database !== 'lmdb') continue;
    const { violation } = await simulateOnce({ ...mistaken(parts), choices: new DrawnChoices(seed) });
    if (violation !== undefined) return { ...violation, seed };
  }
  return undefined;
}

test('a store that answers before it has committed is found', async () => {
  const hasty = <S extends object>(store: S): S =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'write') return value.bind(target);
        return async (...given: readonly unknown[]) => {
          void Promise.resolve(value.apply(target, given)).catch(() => {});
        };
      },
    });
  const found = await firstOf(parts => ({
    ...parts,
    topology: (app, process) => {
      const lmdb: ProcessContext['lmdb'] = (name, options, where) =>
        hasty(process.lmdb(name, options, where));
      return parts.topology(app, { ...process, lmdb });
    },
  }));
  expect(found).toMatchObject({ invariant: 'at a commit' });
  expect(found?.message).toMatch(/is below the committed \d+ and not in the store( of batches)?$/);
}, 60_000);

test('a store that lets LMDB answer before the disk has flushed is found', async () => {
  const overlapping = (host: LmdbHost): LmdbHost => ({
    ...host,
    open: options => host.open({ ...options, overlappingSync: true }),
  });
  const found = await firstOf(parts => ({ ...parts, lmdbHost: overlapping }));
  expect(found).toMatchObject({ invariant: 'at a commit' });
  expect(found?.message).toMatch(/is below the committed \d+ and not in the store( of batches)?$/);
}, 60_000);
