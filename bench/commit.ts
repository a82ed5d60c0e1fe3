import { Observable } from 'rxjs';
import { drawsFrom } from '../demos/purchases/draws.js';
import { type CommitPoint, commitInOrder, type Settled } from '../lib/flow/commit/commit-in-order.js';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import { cpuNs } from './cpu-time.js';
import { nullLane } from './null-lane.js';
import { type Spread, shownSpread, spreadOf } from './spread.js';

const records = 1_000_000;
const windows = [64, 4096, 65_536] as const;
const targetNs = 50;

/** How offsets lie: one after another, or with one missing after every hundred, as a transaction's marker takes it. */
const logs = {
  plain: (sequence: number) => sequence,
  markers: (sequence: number) => sequence + Math.floor(sequence / 100),
} as const;

interface Case {
  readonly window: number;
  readonly log: keyof typeof logs;
  /** Sequence numbers in the order in which they settle, and their offsets. */
  readonly order: Int32Array;
  readonly offsets: Int32Array;
  readonly ns: number[];
}

/**
 * The real operator, rxjs in front of it and behind it, as the app subscribes it. A window of deliveries is under way;
 * any of them settles next and the next one takes its place, so that the slowest stretch the span to many windows.
 */
export async function measureCommit({ rounds }: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const cases: readonly Case[] = windows.flatMap(window => {
    const order = settleOrder(window);
    return (['plain', 'markers'] as const).map(log => ({
      window,
      log,
      order,
      offsets: order.map(logs[log]),
      ns: [],
    }));
  });
  // All cases in turn, so that a busy moment of the machine does not meet one of them only; the first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const each of cases) {
      tell(`commit: round ${round} of ${rounds}, window ${each.window}, ${each.log}`);
      const ns = nsPerRecord(each);
      if (round > 0) each.ns.push(ns);
    }
  }
  const measured = cases.map(({ window, log, ns }) => ({ window, log, ns: spreadOf(ns) }));
  const spreadAt = (window: number, log: keyof typeof logs): Spread | undefined =>
    measured.find(each => each.window === window && each.log === log)?.ns;
  const shown = (window: number, log: keyof typeof logs): string => {
    const spread = spreadAt(window, log);
    return (spread === undefined ? '' : shownSpread(spread, 1)).padEnd(20);
  };
  const worstNs = Math.max(
    ...windows.map(window => spreadAt(window, 'plain')?.median ?? Number.POSITIVE_INFINITY),
  );
  return {
    lines: [
      `${records.toLocaleString('en-US')} settled deliveries a round through commitInOrder(), ${rounds} rounds;`,
      'CPU ns a record, median (min–max), rxjs and the emitting loop included',
      `  window   ${'offsets without gaps'.padEnd(20)}  a gap every 100`,
      ...windows.map(
        window =>
          `  ${window.toLocaleString('en-US').padStart(6)}   ${shown(window, 'plain')}  ${shown(window, 'markers').trimEnd()}`,
      ),
    ],
    verdict: `commitInOrder() costs at most ${worstNs.toFixed(1)} ns a record, target ${targetNs}`,
    pass: worstNs <= targetNs,
    figures: { targetNs, worstNs, cases: measured },
  };
}

function nsPerRecord({ order, offsets, log }: Case): number {
  // One event, rewritten: what an app hands over it has touched a moment ago, so that a million cold ones would measure
  // the machine's memory. The operator keeps none.
  const event = { kind: 'settled', lane: nullLane, sequence: 0, offset: 0 } satisfies Settled;
  let points = 0;
  let last: CommitPoint | undefined;
  const from = cpuNs();
  new Observable<Settled>(subscriber => {
    for (let i = 0; i < records; i++) {
      event.sequence = order[i] ?? -1;
      event.offset = offsets[i] ?? -1;
      subscriber.next(event);
    }
  })
    .pipe(commitInOrder())
    .subscribe(point => {
      points++;
      last = point;
    });
  const ns = cpuNs() - from;
  if (last?.offset !== logs[log](records - 1) + 1 || points === 0)
    throw new Error('commitInOrder() did not reach the end');
  return ns / records;
}

function settleOrder(window: number): Int32Array {
  const draw = drawsFrom(`window ${window}`);
  const underWay = Int32Array.from({ length: window }, (_, sequence) => sequence);
  const order = new Int32Array(records);
  let next = window;
  let open = window;
  for (let i = 0; i < records; i++) {
    const at = Math.floor(draw() * open);
    order[i] = underWay[at] ?? -1;
    underWay[at] = next < records ? next++ : (underWay[--open] ?? -1);
  }
  return order;
}
