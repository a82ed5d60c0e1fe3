/** `npm run simulate -- --enumerate`: a system small enough to be run in every order. */
import * as t from 'io-ts';
import { json } from 'kafka-rx';
import { type EveryOrder, everyOrder } from '../../lib/testing/simulation/every-order.js';
import { drawProfile } from '../../lib/testing/simulation/profile.js';
import { Random } from '../../lib/testing/simulation/random.js';
import { simulateOnce } from '../../lib/testing/simulation/simulation.js';
import type { Invariants, SimulationOutcome } from '../../lib/testing/simulation/simulation-parts.js';
import { type Result, seconds } from '../commands/command.js';

const Item = t.strict({ id: t.number });

/** Every record at least once, the first time in order; nothing committed that is not there. */
const invariants: Invariants = {
  committed(view, offsets) {
    const ids = view.records('out').map(({ value }) => Number(JSON.parse(String(value)).id));
    const committed = offsets[0]?.offset ?? 0;
    for (let id = 0; id < committed; id++)
      if (!ids.includes(id)) return `${committed} is committed, and ${id} is not there`;
    return undefined;
  },
  atRest(view) {
    const ids = view.records('out').map(({ value }) => Number(JSON.parse(String(value)).id));
    const first = [...new Set(ids)].join();
    return first === view.written.map((_, i) => i).join() ? undefined : `came out as ${ids.join()}`;
  },
};

export interface OrdersOptions {
  readonly records: number;
  readonly crashes: number;
  readonly goesOn: () => boolean;
}

/**
 * What is varied: from when the last record comes to the sink, the order of all steps that do not commute, after which of them the
 * process dies, how much of what it had sent still arrives, and the order of all that its successor does until everything is
 * committed. What is not: how the first app starts and reads, and times.
 */
export async function ordersOf({
  records,
  crashes,
  goesOn,
}: OrdersOptions): Promise<
  EveryOrder & { readonly steps: number; readonly broken: readonly SimulationOutcome[] }
> {
  const broken: SimulationOutcome[] = [];
  let steps = 0;
  const quiet = drawProfile(new Random(1, 'profile'), new Set());
  const profile = { ...quiet, rates: { ...quiet.rates, crash: 0.5 }, leastUpMs: 0, leastDownMs: 1 };
  const found = await everyOrder(async choices => {
    choices.isOpen = false;
    const outcome = await simulateOnce({
      topology: app => {
        const keyBy = ({ id }: t.TypeOf<typeof Item>): string => {
          if (id === records - 1) choices.isOpen = true;
          return 'k';
        };
        app.topic('in', { value: json(Item) }).subscribe(app.to('out', { keyBy, value: json(Item) }));
      },
      options: { commit: { intervalMs: 1000, every: 1 } },
      inputs: Array.from({ length: records }, (_, id) => ({
        topic: 'in',
        key: 'k',
        value: JSON.stringify({ id }),
        atMs: 0,
      })),
      topics: { in: 1, out: 1 },
      processes: 1,
      profile,
      choices,
      invariants,
      mostCrashes: crashes,
      maxSteps: 2000,
      healed: () => {
        choices.isOpen = false;
      },
    });
    steps += outcome.steps;
    if (outcome.violation !== undefined) broken.push(outcome);
  }, goesOn);
  return { ...found, steps, broken };
}

export async function tellOrders(minutes: number | undefined, asJson: boolean): Promise<Result> {
  const began = performance.now();
  const goesOn = (): boolean => minutes === undefined || performance.now() - began < minutes * 60_000;
  const { broken, ...counts } = await ordersOf({ records: 3, crashes: 1, goesOn });
  const tookMs = performance.now() - began;
  const ok = broken.length === 0;
  if (asJson) return { line: JSON.stringify({ ...counts, tookMs, broken }), ok };
  for (const line of broken[0]?.timeline ?? []) process.stdout.write(`${line}\n`);
  for (const { violation } of broken)
    process.stdout.write(`${violation?.invariant}: ${violation?.message}\n`);
  const { orders, isWhole, steps } = counts;
  const verdict = ok ? 'every invariant held' : `${broken.length} violations`;
  const rate = (orders / (tookMs / 1000)).toFixed(1);
  return {
    line: `simulate: ${verdict} (1 partition, 3 records, 1 crash: ${orders} orders, ${isWhole ? 'all there are' : 'not all in time'}, ${steps} steps, ${rate} orders/s, ${seconds(tookMs)})`,
    ok,
  };
}
