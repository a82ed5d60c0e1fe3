import { Subject } from 'rxjs';
import { type CommitPoint, commitInOrder } from '../lib/commit/commit-in-order.js';
import { Delivery } from '../lib/leases/delivery.js';
import { drawsFrom } from '../demos/purchases/draws.js';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import { nullLane } from './null-lane.js';
import { type Spread, shownSpread, spreadOf } from './spread.js';

const records = 1_000_000;
const windows = [64, 4096, 65_536] as const;
const targetNs = 50;

/**
 * Real deliveries through the real operator, as the app subscribes it. A window of deliveries is under way; any of them
 * settles next and the next one takes its place, so that the slowest of them stretch the span to many windows.
 */
export async function measureCommit({ rounds }: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const settledBy = new Map(windows.map(window => [window, settleOrder(window)]));
  const nsBy = new Map<number, number[]>(windows.map(window => [window, []]));
  // Rounds of all windows in turn, so that a busy moment of the machine does not meet one window only; the first warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [window, settled] of settledBy) {
      tell(`commit: round ${round} of ${rounds}, window ${window}`);
      const ns = timed(settled);
      if (round > 0) nsBy.get(window)?.push(ns);
    }
  }
  const spreads = new Map<number, Spread>([...nsBy].map(([window, ns]) => [window, spreadOf(ns)]));
  const worst = Math.max(...[...spreads.values()].map(spread => spread.median));
  const pass = worst <= targetNs;
  return {
    lines: [
      `${records.toLocaleString('en-US')} records through commitInOrder(), ${rounds} rounds; ns a record, median (min–max)`,
      ...[...spreads].map(
        ([window, spread]) => `  window ${window.toLocaleString('en-US').padStart(6)}  ${shownSpread(spread, 1)}`,
      ),
    ],
    verdict: `commitInOrder() costs at most ${worst.toFixed(1)} ns a record, target ${targetNs}`,
    pass,
    figures: { targetNs, worstNs: worst, nsByWindow: Object.fromEntries(spreads) },
  };
}

function timed(settled: readonly Delivery[]): number {
  globalThis.gc?.();
  const deliveries$ = new Subject<Delivery>();
  let points = 0;
  let last: CommitPoint | undefined;
  deliveries$.pipe(commitInOrder()).subscribe(point => {
    points++;
    last = point;
  });
  const from = process.hrtime.bigint();
  for (const delivery of settled) deliveries$.next(delivery);
  const ns = Number(process.hrtime.bigint() - from);
  if (last?.offset !== records || points === 0) throw new Error('commitInOrder() did not reach the end');
  return ns / records;
}

function settleOrder(window: number): readonly Delivery[] {
  const draw = drawsFrom(`window ${window}`);
  const pin = { bytes: 0, open: 0 };
  const open = (sequence: number): Delivery => new Delivery(nullLane, sequence, sequence, pin);
  const underWay = Array.from({ length: window }, (_, sequence) => open(sequence));
  const settled: Delivery[] = [];
  for (let next = window; underWay.length > 0; next++) {
    const at = Math.floor(draw() * underWay.length);
    const chosen = underWay[at];
    const last = underWay.at(-1);
    if (chosen === undefined || last === undefined) break;
    settled.push(chosen);
    if (next < records) {
      underWay[at] = open(next);
    } else {
      underWay[at] = last;
      underWay.pop();
    }
  }
  return settled;
}
