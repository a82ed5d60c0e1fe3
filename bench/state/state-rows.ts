import type { Guarantee } from '../peers/plan.js';
import type { InputPlan } from './state-input.js';
import type { Operation, StateEmit, StateStore } from './state-plan.js';

/** What is measured side by side. */
export interface StateRow {
  readonly title: string;
  readonly operation: Operation;
  readonly store: StateStore;
  readonly emit: StateEmit;
  readonly guarantee: Guarantee;
  readonly input: InputPlan;
}

/** How results are emitted: `'commit'` beside Kafka Streams' cache, at the same commit interval. */
const emits: readonly StateEmit[] = ['updates', 'commit'];
const operations: readonly Operation[] = ['count', 'tumbling', 'sliding', 'session'];
/** Those of which what is only emitted at commits makes fewer. */
const cached: readonly Operation[] = ['count', 'tumbling'];
const stores: readonly StateStore[] = ['memory', 'disk'];

/** A record each 50 ms: of a key every 1,000 s or so, about 3.6 a window of an hour. */
const usual: InputPlan = { keys: 20_000, law: 'uniform', filled: false, stepMs: 50, value: 'purchase' };

/**
 * Of a key every 100 s or so, about 0.6 within a minute. Kafka Streams' store in memory looks at every moment of two minutes for each record: ten
 * minutes and 20,000 keys would take it 0.7 ms a record.
 */
const ofSliding: InputPlan = { ...usual, keys: 2_000 };

export const fewKeys = 10_000;

/** @param manyKeys of the rows that hold few keys against many */
export function stateRows(manyKeys: number): readonly StateRow[] {
  return [
    ...emits.flatMap(emit =>
      (emit === 'updates' ? operations : cached).flatMap(operation =>
        stores.map(store =>
          rowOf(operation, store, emit, 'at-least-once', operation === 'sliding' ? ofSliding : usual),
        ),
      ),
    ),
    rowOf('tumbling', 'disk', 'updates', 'exactly-once', usual),
    ...(['zipf', 'uniform'] as const).flatMap(law =>
      [fewKeys, manyKeys].map(keys => ({
        ...rowOf('count', 'disk', 'updates', 'at-least-once', {
          ...{ keys, law, filled: true, stepMs: 1, value: 'short' },
        }),
        title: titleOfKeys(law, keys),
      })),
    ),
  ];
}

export function titleOfKeys(law: InputPlan['law'], keys: number): string {
  return `${law} of ${keys.toLocaleString('en-US')} keys`;
}

function rowOf(
  operation: Operation,
  store: StateStore,
  emit: StateEmit,
  guarantee: Guarantee,
  input: InputPlan,
): StateRow {
  const how = guarantee === 'exactly-once' ? ', exactly once' : '';
  return { title: `${operation} ${store} ${emit}${how}`, operation, store, emit, guarantee, input };
}
