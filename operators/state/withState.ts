import type { OperatorFunction } from 'rxjs';
import { call as callKind, required } from '../../lib/base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../../lib/base/option-schema.js';
import { type OperatorOptions, operatorOptions } from '../../lib/errors/policies/process-failed.js';
import type { NotLater } from '../../lib/record/not-later.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { keptWithTimers } from '../../lib/state/layouts.js';
import type { Own } from '../../lib/state/own.js';
import { CallsWithState } from '../../lib/state/processors/calls-with-state.js';
import type { State, StateHandle } from '../../lib/state/state.js';
import { handleOf } from './handle-of.js';
import { stateOperator } from './state-operator.js';

/**
 * @typeParam R what the functions return
 * @typeParam E what they hand on by `own.emit`
 * @category State @since 0.2.0
 */
export interface WithStateOptions<K, S, R, E = R> extends OperatorOptions {
  /**
   * Called for each timer that is due, in the order of their times, keys and names; each is gone before it is called. What it throws is a
   * `process` problem of the record, or of the turn, that made it due; so is a timer set for a time that is over by the last of 10,000 that have set
   * each other so, which would fire without end.
   *
   * @param due milliseconds since 1970, that it was set for; it may be later by now
   */
  readonly onTimer?: // biome-ignore lint/suspicious/noConfusingVoidType: it may return nothing, as what own.delete does
  ((key: K, due: number, name: string, own: Own<K, S, E>) => R | undefined | void) | undefined;
}

const withStateOptions: Fields<WithStateOptions<unknown, unknown, unknown>> = {
  ...operatorOptions,
  onTimer: callKind,
};

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has it
type Emitted<R> = Exclude<R, undefined | void>;

/**
 * Calls a function with each record and with what is kept of its key, and emits what it returns; `undefined`: nothing. The primitive under all operators
 * with state: what they do not do, it does.
 *
 * ```
 * source     --a1-----b1--a2-------|          (key and value)
 * withState(sums, (record, own) => { const sum = (own.get() ?? 0) + record.value; own.set(sum); return sum; })
 * result     --a1-----b1--a3-------|
 * ```
 *
 * Timers fire by stream time, behind the record that brings it, or by the app's clock:
 *
 * ```
 * source     --a@5-----b@7-----b@16--------|  (key and timestamp)
 * withState(idle, (record, own) => own.timers.set(record.timestamp + 10), { onTimer: () => 'idle' })
 * result     ------------------a idle------|
 * ```
 *
 * A null key is passed over and counted; a null value is a value. Whatever the function does is part of the unit of work of the record, as is what it has
 * kept, and takes effect when it has returned: where it throws, nothing has changed. It is exact under every guarantee.
 *
 * @param state of `app.state`, written by this operator alone
 * @typeParam R what the functions return, which is inferred
 * @typeParam E what they hand on by `own.emit`: nothing, where it is not said. It is another than R, since a type in a parameter of a function is settled
 *   before what the function returns is looked at
 * @param call synchronous. Several are emitted by `own.emit`, before what is returned; then say what they are: `(record, own: Own<K, S, string>) => …`
 * @throws `TOPOLOGY` where another operator writes the state, or the stream is none of the app's
 * @example
 * ```ts
 * const dear = app.state('dear-purchases', { key: string, value: number });
 * masked$.pipe(
 *   withState(
 *     dear,
 *     (purchase, own) => {
 *       if (purchase.value.price < 1_000) return own.delete();
 *       const count = (own.get() ?? 0) + 1;
 *       own.set(count);
 *       own.timers.set(purchase.timestamp + 600_000, 'forget');
 *       return count === 3 ? 'suspicious' : undefined;
 *     },
 *     { onTimer: (_key, _due, _name, own) => own.delete() },
 *   ),
 * );
 * ```
 * @category State @since 0.2.0
 */
export function withState<K, V, S, R = never, E = never>(
  state: State<K, S>,
  // biome-ignore lint/suspicious/noConfusingVoidType: it may return nothing, as what own.delete does
  call: ((record: KafkaRecord<K, V>, own: Own<K, S, E>) => R | undefined | void) & NotLater<NoInfer<R>>,
  options: WithStateOptions<K, S, R, E> = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, Emitted<R> | E>> {
  const handle = handleOf('withState', state);
  checkArgument('withState', 'the function', required(callKind), call);
  checkOptions('withState', withStateOptions, options);
  const { name, onError, onTimer } = options;
  return stateOperator<K, V, Emitted<R> | E, K, Emitted<R> | E>({
    name: name ?? `withState(${state.name})`,
    onError,
    // It is asked for keys here; its values are those of the tables.
    state: handle as unknown as StateHandle<K, Emitted<R> | E>,
    late: undefined,
    writer: { ...keptWithTimers, hearsEnds: onTimer !== undefined },
    processor: (tables, current, turns) =>
      new CallsWithState<K, V, S, Emitted<R> | E>(tables, {
        ...turns,
        keys: {
          keyText: key => handle.keyText(key),
          keyOf: text => handle.keyOf(text, current.record.partition),
        },
        call: own => call(current.record, own),
        onTimer,
      }),
    plainKey: key => key,
    keyOf: key => key,
    // A tombstone is handed on where the user's R or E has null.
    resultOf: value => value as Emitted<R> | E,
  });
}
