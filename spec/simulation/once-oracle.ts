/** What must hold beyond the rest where each output is promised once, to readers of committed records. */
import type { SimulationView, WrittenInput } from '../../lib/testing/simulation/simulation-parts.js';
import { idsIn } from './ids-in.js';
import { letterHeader } from './letter-header.js';
import { outputs, type Shape } from './purchase-workload.js';

/** An output or a dead letter, and of which input it was made. */
interface Made {
  readonly partition: number;
  readonly of: string;
  readonly order: number;
}

/** Of no input there is more than one of an output, and those of one partition come in its order, also where they were set aside. */
export function notOnce(view: SimulationView, shape: Shape): string | undefined {
  // A store that was lost is filled again, and nothing is written again.
  if (view.hasGoneBack && view.disksLost > 0) view.mark('once: asked where a store is filled again');
  noteParts(view, shape);
  const written = new Map(view.written.flatMap(one => idsIn(one.input.value).map(id => [id, one] as const)));
  for (const topic of outputs) {
    const made = topic === 'dead-letters' ? lettersIn(view) : madeIn(view, topic, written);
    const seen = new Set<string>();
    const last = new Map<string, Made>();
    for (const one of made) {
      if (seen.has(one.of)) return `${one.of} is twice in ${topic}`;
      seen.add(one.of);
      if (!isOrdered(topic, shape)) continue;
      const way = `${one.of.slice(0, one.of.lastIndexOf('@'))} to ${one.partition}`;
      const before = last.get(way);
      if (before !== undefined && before.order > one.order)
        return `${one.of} came to ${topic}/${one.partition} behind ${before.of}`;
      last.set(way, one);
    }
  }
  return undefined;
}

/** What would gather for a minute goes on where its task comes to a barrier. */
function noteParts(view: SimulationView, { batch }: Shape): void {
  if (batch === undefined || batch.maxWaitMs < 60_000) return;
  const isPart = ({ value }: { readonly value: Buffer | null }): boolean =>
    idsIn(value).length < batch.maxRecords;
  if (view.records('batches').some(isPart)) view.mark('once: a batch went on before it was full');
}

/** Calls that may overtake each other are not; nor is what is gathered, which has several inputs. */
function isOrdered(topic: string, { mapAsync }: Shape): boolean {
  if (topic === 'rewards') return mapAsync === undefined || mapAsync === 'partition';
  return topic === 'patterns' || topic === 'purchases' || topic === 'audit';
}

function madeIn(
  view: SimulationView,
  topic: string,
  written: ReadonlyMap<number, WrittenInput>,
): readonly Made[] {
  return view.records(topic).flatMap(({ partition, value }) =>
    idsIn(value).flatMap(id => {
      const from = written.get(id);
      // That nobody wrote it is said elsewhere.
      if (from === undefined) return [];
      return { partition, of: `${from.topicId}/${from.partition}@${from.offset}`, order: from.offset };
    }),
  );
}

function lettersIn(view: SimulationView): readonly Made[] {
  return view.records('dead-letters').map(({ partition, headers }) => {
    const text = (name: string): string => letterHeader(headers, name);
    // By what of it was set aside: a record can be so in several branches.
    const of = `${text('origin')} ${text('topic')} ${text('node')} ${text('way')}/${text('partition')}@${text('offset')}`;
    return { partition, of, order: Number(text('offset')) };
  });
}
