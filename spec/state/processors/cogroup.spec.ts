import {
  type Cogroup,
  cogroupKeyed,
  cogroupSessions,
  cogroupWindows,
} from '../../../lib/state/processors/cogroup.js';
import { KeyedAggregate } from '../../../lib/state/processors/keyed-aggregate.js';
import type { ProcessorOutput } from '../../../lib/state/processors/processor.js';
import { WindowedAggregate } from '../../../lib/state/processors/windowed-aggregate.js';
import { session } from '../../../lib/time/session.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { type GoldenCase, type GoldenValue, param } from '../../goldens/cases.js';
import { folds } from '../../goldens/folds.js';
import { reference } from '../../goldens/functions.js';
import { differing, type MachineInput, type MakeMachine, machineOf, ways } from '../../goldens/machine.js';
import { sessionFolds } from '../../goldens/session-folds.js';
import { PlainState } from '../plain-tables.js';

const sides = [folds.aggregate, folds.aggregateRight] as const;
const sidesOfSessions = [sessionFolds.aggregate, sessionFolds.aggregateRight] as const;

function cogrouped(make: (...of: Parameters<MakeMachine>) => Cogroup<string, GoldenValue>): MakeMachine {
  return (state, of) => {
    const cogroup = make(state, of);
    return {
      take: ({ side, key, value, timestamp }, output) =>
        cogroup.take(side === 'left' ? 0 : 1, key, value, timestamp, output),
      close: (limit, output) => cogroup.close(limit, output),
      reset: () => cogroup.reset(),
    };
  };
}

/** The record under the key that its value refers to. */
function regrouped(input: MachineInput): MachineInput | undefined {
  const key = input.value === null ? null : reference(input.value);
  return key === null ? undefined : { ...input, key };
}

/** The record at the time that its value names. */
function atNamedTime(input: MachineInput, output: ProcessorOutput<GoldenValue>): MachineInput | undefined {
  const timestamp = input.value === null ? input.timestamp : Number(input.value.split('@')[1]);
  if (timestamp >= 0) return { ...input, timestamp };
  output.notTaken('no-window', undefined);
  return undefined;
}

function windowsOf(of: GoldenCase) {
  return tumbling(param(of, 'sizeMs'), { graceMs: param(of, 'graceMs') });
}

const emits = 'updates';

const machines: Record<string, MakeMachine> = {
  cogroup: cogrouped(state => cogroupKeyed<string, GoldenValue>(state, sides)),
  'cogroup-tumbling': cogrouped((state, of) =>
    cogroupWindows<string, GoldenValue>(state, { windows: windowsOf(of), folds: sides, emits }),
  ),
  'cogroup-session': cogrouped((state, of) => {
    const windows = session(param(of, 'gapMs'), { graceMs: param(of, 'graceMs') });
    return cogroupSessions<string, GoldenValue>(state, { windows, folds: sidesOfSessions, emits });
  }),
  'merge-aggregate': state => machineOf(new KeyedAggregate(state, folds.aggregate)),
  'groupby-count': state => machineOf(new KeyedAggregate(state, folds.count), regrouped),
  'groupby-tumbling-aggregate': (state, of) =>
    machineOf(
      new WindowedAggregate(state, { windows: windowsOf(of), fold: folds.aggregate, emits }),
      regrouped,
    ),
  'extracted-time-tumbling-count': (state, of) =>
    machineOf(
      new WindowedAggregate(state, { windows: windowsOf(of), fold: folds.count, emits }),
      atNamedTime,
    ),
};

describe.each(ways)('several streams, and records made anew, agree with Kafka Streams %s', way => {
  test.each(Object.entries(machines))('%s', (op, make) => {
    expect(differing(op, make, way)).toEqual([]);
  });
});

describe('final results of a cogroup', () => {
  function finals(cogroup: Cogroup<string, GoldenValue>): readonly GoldenValue[] {
    const results: GoldenValue[] = [];
    const output: ProcessorOutput<GoldenValue> = {
      result: (_key, _window, value) => void results.push(value ?? 'null'),
      notTaken: why => void results.push(why),
    };
    const take = (side: number, value: string, timestamp: number) => {
      cogroup.take(side, 'a', value, timestamp, output);
      while (cogroup.close(1, output));
    };
    take(0, 'l', 1);
    take(1, 'r', 2);
    // The first side is ahead: its time closes for both.
    take(0, 'm', 100);
    take(1, 's', 3);
    take(1, 't', 200);
    return results;
  }

  test('of windows come once, by the time of both sides', () => {
    const windows = tumbling(10, { graceMs: 0 });
    const cogroup = cogroupWindows<string, GoldenValue>(new PlainState(), {
      windows,
      folds: sides,
      emits: 'final',
    });
    expect(finals(cogroup)).toEqual(['0+l*r', 'late', '0+m']);
  });

  test('of sessions too', () => {
    const windows = session(5, { graceMs: 0 });
    const cogroup = cogroupSessions<string, GoldenValue>(new PlainState(), {
      windows,
      folds: sidesOfSessions,
      emits: 'final',
    });
    expect(finals(cogroup)).toEqual(['0&0+l*r', 'late', '0+m']);
  });
});
