import type { Fold } from '../../../lib/state/processors/fold.js';
import { KeyedAggregate } from '../../../lib/state/processors/keyed-aggregate.js';
import { hopping } from '../../../lib/time/hopping.js';
import { sliding } from '../../../lib/time/sliding.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { casesOf, type GoldenCase, type GoldenValue, param } from '../../goldens/cases.js';
import { folds } from '../../goldens/folds.js';
import {
  answersOf,
  differing,
  type MakeMachine,
  machineOf,
  unexplained,
  ways,
} from '../../goldens/machine.js';
import { aggregateIn, type Some } from './processors-of-windows.js';

type AnyFold = Fold<string | null, GoldenValue>;

const foldsByName: Readonly<Record<string, AnyFold>> = { ...folds, reduce: folds.reduce as AnyFold };

const make: MakeMachine = (state, golden) => {
  const [kind = '', of = kind, emits] = golden.op.split('-');
  const fold = foldsByName[of];
  if (fold === undefined) throw new Error(`no function for ${golden.op}`);
  if (kind === of) return machineOf(new KeyedAggregate(state, fold));
  const windows = windowsOf(kind, golden);
  return machineOf(aggregateIn(state, { windows, fold, emits: emits === 'final' ? 'final' : 'updates' }));
};

function windowsOf(kind: string, golden: GoldenCase): Some {
  const options = { graceMs: param(golden, 'graceMs'), retentionMs: golden.params['retentionMs'] };
  if (kind === 'sliding') return sliding(param(golden, 'differenceMs'), options);
  const sizeMs = param(golden, 'sizeMs');
  return kind === 'tumbling'
    ? tumbling(sizeMs, options)
    : hopping(sizeMs, { ...options, advanceMs: param(golden, 'advanceMs') });
}

const kinds = ['tumbling', 'hopping', 'sliding'];
const names = ['count', 'reduce', 'aggregate'];
const inWindows = kinds.flatMap(kind =>
  names.flatMap(name => ['update', 'final'].map(emits => `${kind}-${name}-${emits}`)),
);

describe.each(ways)('aggregates agree with Kafka Streams %s', way => {
  test.each([...names, ...inWindows])('%s', op => {
    expect(differing(op, make, way)).toEqual([]);
  });

  test.each(kinds)('%s-aggregate-final-default-retention, but for what its store hides', async kind => {
    expect(await unexplained(`${kind}-aggregate-final-default-retention`, make, way)).toEqual([]);
  });
});

test.each(inWindows)('%s: closing one at a time is closing at once', op => {
  for (const of of casesOf(new RegExp(op))) {
    const [one, all] = [1, 1_000].map(limit => answersOf(of, make, 'in one piece', limit));
    expect(one).toEqual(all);
  }
});

test('at the default retention Kafka Streams loses some final results, and not all', () => {
  const cases = casesOf(/(tumbling|hopping|sliding)-aggregate-final-default-retention/);
  const kept = cases.flatMap(({ output }) => output.flat()).length;
  const ours = cases
    .flatMap(of => answersOf(of, make, 'in one piece'))
    .flatMap(({ output }) => output).length;
  expect({ kept, lost: ours - kept }).toEqual({ kept: 1_104, lost: 1_292 });
});
