import { Buffer } from 'node:buffer';
import type { Answer } from './answers.js';
import { type GoldenCase, type GoldenOutput, type GoldenValue, param } from './cases.js';
import { aggregate, merge, reduce } from './functions.js';

interface Session {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly value: GoldenValue;
}

interface Fold {
  readonly initial: GoldenValue | undefined;
  add(sum: GoldenValue | undefined, value: string | null): GoldenValue | null;
  merge(one: GoldenValue, other: GoldenValue): GoldenValue | null;
}

const folds: Readonly<Record<string, Fold>> = {
  count: {
    initial: 0,
    add: (sum = 0) => Number(sum) + 1,
    merge: (one, other) => Number(one) + Number(other),
  },
  reduce: {
    initial: undefined,
    add: (sum, value) => (sum === undefined ? value : reduce(String(sum), value)),
    merge: (one, other) => reduce(String(one), String(other)),
  },
  aggregate: {
    initial: aggregate.initial(),
    add: (sum = aggregate.initial(), value) => aggregate.add(String(sum), value),
    merge: (one, other) => merge(String(one), String(other)),
  },
};

/**
 * The final results of sessions as the library means them, as plainly as can be: all sessions in a list. One is closed when it ends before stream
 * time - grace - gap, comes out once, and takes part in nothing any more.
 */
export function sessionFinals(of: GoldenCase): readonly Answer[] {
  const [gap, grace] = [param(of, 'gapMs'), param(of, 'graceMs')];
  const fold = folds[of.op.split('-')[1] ?? ''];
  if (fold === undefined) throw new Error(`no function for ${of.op}`);
  let open: readonly Session[] = [];
  let time = Number.NEGATIVE_INFINITY;
  return of.input.map(([, key, value, at]) => {
    if (key === null) return { output: [], dropped: 1 };
    time = Math.max(time, at);
    const openFrom = time - grace - gap;
    const found = open.filter(
      one => one.key === key && one.end >= Math.max(at - gap, openFrom) && one.start <= at + gap,
    );
    const start = Math.min(at, ...found.map(one => one.start));
    const end = Math.max(at, ...found.map(one => one.end));
    const isLate = end < openFrom;
    if (!isLate) {
      let sum = fold.initial;
      for (const one of found.sort(byEnd))
        sum = sum === undefined ? one.value : (fold.merge(sum, one.value) ?? undefined);
      const made = fold.add(sum, value);
      open = open.filter(one => !found.includes(one));
      if (made !== null) open = [...open, { key, start, end, value: made }];
    }
    const closed = open.filter(one => one.end < openFrom).sort(byEnd);
    open = open.filter(one => one.end >= openFrom);
    return { output: closed.map(printed), dropped: isLate ? 1 : 0 };
  });
}

function byEnd(one: Session, other: Session): number {
  const bytes = () => Buffer.compare(Buffer.from(one.key), Buffer.from(other.key));
  return one.end - other.end || one.start - other.start || bytes();
}

function printed({ key, start, end, value }: Session): GoldenOutput {
  return [{ key, start, end }, value, end];
}
