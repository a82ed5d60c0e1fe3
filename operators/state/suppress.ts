import type { Observer, OperatorFunction } from 'rxjs';
import { having, oneOf, required, whole } from '../../lib/base/option-kinds.js';
import { checkOptions, type Fields } from '../../lib/base/option-schema.js';
import type { Windowed } from '../../lib/codecs/windowed.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { type OperatorOptions, operatorOptions } from '../../lib/errors/policies/process-failed.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { keptSuppressed } from '../../lib/state/layouts.js';
import type { Processor, ProcessorState } from '../../lib/state/processors/processor.js';
import type { Suppress } from '../../lib/state/processors/suppress.js';
import { SuppressUntilTimeLimit } from '../../lib/state/processors/suppress-until-time-limit.js';
import {
  type ClosingWindows,
  SuppressUntilWindowCloses,
} from '../../lib/state/processors/suppress-until-window-closes.js';
import type { State } from '../../lib/state/state.js';
import { rowsOfWindows } from '../../lib/time/rows-of-windows.js';
import type { TimeWindow, Windows } from '../../lib/time/windows.js';
import { type CloseWhenIdleOptions, closeWhenIdleKind } from './close-when-idle.js';
import { handleOf } from './handle-of.js';
import { stateOperator } from './state-operator.js';
import type { Current } from './state-operator-parts.js';

/** @category State @since 0.2.0 */
export interface SuppressUntilClosedOptions<K, V> extends OperatorOptions, CloseWhenIdleOptions {
  readonly until: 'windowCloses';
  /** The windows of the updates: what their aggregate was given. */
  readonly window: ClosingWindows;
  /** Hears the updates of windows that were handed on already. Default: nobody; they are counted. */
  readonly late?: Observer<KafkaRecord<Windowed<K>, V | null>> | undefined;
}

/** @category State @since 0.2.0 */
export interface SuppressForOptions extends OperatorOptions {
  readonly until: 'timeLimit';
  /** How long after the first update that is held back the last one is handed on, in stream time: milliseconds, whole, from 0 up. */
  readonly limitMs: number;
  /** Keys that are held back at most in a task: the oldest are handed on before their time. Default: as many as there are. */
  readonly maxRecords?: number | undefined;
}

const shared: Fields<OperatorOptions & { readonly until: string; readonly window?: Windows | undefined }> = {
  ...operatorOptions,
  until: required(oneOf('windowCloses', 'timeLimit')),
  window: having('windows, such as tumbling(60_000, { graceMs: 0 })'),
};

const untilClosed: Fields<SuppressUntilClosedOptions<unknown, unknown>> = {
  ...shared,
  window: required(having('windows, such as tumbling(60_000, { graceMs: 0 })')),
  late: having('an Observer, such as app.to(…)', 'next'),
  closeWhenIdleMs: closeWhenIdleKind,
};

const untilTimeLimit: Fields<SuppressForOptions & { readonly window?: Windows | undefined }> = {
  ...shared,
  limitMs: required(whole(0)),
  maxRecords: whole(1),
};

/**
 * Holds updates back, and hands on the last of each key: until its window is closed, or for a time. What is held back is in the state, and is there
 * again after a crash.
 *
 * Until the window closes, each window comes once, and what is deleted by then not at all:
 *
 * ```
 * updates   --a1--a2--b1--a3----c1--|     (windows of 10; c's time is 20)
 * suppress(finals, { until: 'windowCloses', window: tumbling(10, { graceMs: 0 }) })
 * result    --------------------a3b1--|
 * ```
 *
 * Its time is the largest timestamp of the updates that it has seen; an aggregate's own `emit: 'final'` goes by the records and is cheaper. This is for
 * updates that were changed since, and for a time limit:
 *
 * ```
 * updates   --a1--a2--b1----a3--|         (a second each)
 * suppress(calmer, { until: 'timeLimit', limitMs: 3_000 })
 * result    ----------------a3--|
 * ```
 *
 * A limit is in stream time as well: it is looked at when an update comes, and nothing leaves where none does. Deletions are handed on.
 *
 * @param state of `app.state`, by the updates' keys without windows, written by this operator alone; it answers no questions
 * @throws `CONFIGURATION` for windows that never close
 * @example
 * ```ts
 * const calmer = app.state('calmer', { key: string, value: json(MaskedPurchase) });
 * masked$.pipe(suppress(calmer, { until: 'timeLimit', limitMs: 60_000, maxRecords: 10_000 }));
 * ```
 * @category State @since 0.2.0
 */
export function suppress<K, V>(
  state: State<K, V>,
  options: SuppressUntilClosedOptions<K, V>,
): OperatorFunction<KafkaRecord<Windowed<K>, V | null>, KafkaRecord<Windowed<K>, V>>;
export function suppress<K, V, W extends V | null = V>(
  state: State<K, V>,
  options: SuppressForOptions & { readonly window?: undefined },
): OperatorFunction<KafkaRecord<K, W>, KafkaRecord<K, W>>;
/** With `window`: of updates by window. */
export function suppress<K, V, W extends V | null = V>(
  state: State<K, V>,
  options: SuppressForOptions & { readonly window: Windows },
): OperatorFunction<KafkaRecord<Windowed<K>, W>, KafkaRecord<Windowed<K>, W>>;
export function suppress<K, V>(
  state: State<K, V>,
  options:
    | SuppressUntilClosedOptions<K, V>
    | (SuppressForOptions & { readonly window?: Windows | undefined }),
): OperatorFunction<KafkaRecord<K | Windowed<K>, V | null>, KafkaRecord<K | Windowed<K>, V | null>> {
  const handle = handleOf('suppress', state);
  const { until, name, onError, window } = options;
  checkOptions('suppress', { ...(until === 'windowCloses' ? untilClosed : untilTimeLimit) }, options);
  if (until === 'windowCloses' && (window as Windows).kind === 'unlimited') throw neverClosed();
  return stateOperator<K, V | null, V | null, K | Windowed<K>, V | null, K | Windowed<K>>({
    name: name ?? `suppress(${state.name})`,
    onError,
    // A deletion is kept as a value of its own.
    state: handle as Parameters<typeof stateOperator<K, V | null, V | null, unknown, unknown>>[0]['state'],
    late:
      until === 'windowCloses'
        ? (options.late as Observer<KafkaRecord<K | Windowed<K>, V | null>>)
        : undefined,
    closeWhenIdleMs: until === 'windowCloses' ? options.closeWhenIdleMs : undefined,
    writer: { ...keptSuppressed, rowsOf: window && rowsOfWindows(window) },
    processor: (tables, current) => new Updates(bufferOf(tables, options), current, window !== undefined),
    // With windows each key is of one.
    plainKey: key => (window === undefined || key === null ? (key as K) : (key as Windowed<K>).key),
    keyOf: (key, at) => (at === undefined ? key : { key, start: at.start, end: at.end }),
    resultOf: value => value,
  });
}

function bufferOf<V>(
  tables: ProcessorState,
  options:
    | SuppressUntilClosedOptions<never, V>
    | (SuppressForOptions & { readonly window?: Windows | undefined }),
): Suppress<V> {
  if (options.until === 'windowCloses') return new SuppressUntilWindowCloses(tables, options.window);
  const { limitMs, maxRecords, window } = options;
  const kind = window === undefined ? 'plain' : window.kind === 'session' ? 'session' : 'window';
  return new SuppressUntilTimeLimit(tables, { kind, limitMs, maxRecords });
}

/** Updates as records: their windows are in their keys. */
class Updates<V> implements Processor<V, V> {
  readonly #suppress: Suppress<V>;
  readonly #current: Current<unknown, unknown>;
  readonly #isWindowed: boolean;

  constructor(suppress: Suppress<V>, current: Current<unknown, unknown>, isWindowed: boolean) {
    this.#suppress = suppress;
    this.#current = current;
    this.#isWindowed = isWindowed;
  }

  take(...[key, value, timestamp, output]: Parameters<Processor<V, V>['take']>): void {
    if (key === undefined) output.notTaken('null-key', undefined);
    else this.#suppress.take(key, this.#windowOf(this.#current.record.key), value, timestamp, output);
  }

  #windowOf(key: unknown): TimeWindow | undefined {
    if (!this.#isWindowed) return undefined;
    // So the types say of every key.
    const { start, end } = key as TimeWindow;
    return { start, end };
  }

  close(...[limit, output]: Parameters<Processor<V, V>['close']>): boolean {
    return this.#suppress.close(limit, output);
  }

  get streamTime(): number {
    return this.#suppress.streamTime ?? -1;
  }

  closesAt(): number | undefined {
    return this.#suppress.closesAt?.();
  }

  passTo(time: number): void {
    this.#suppress.passTo?.(time);
  }

  get mayRise(): boolean {
    return this.#suppress.mayRise;
  }

  reset(): void {
    this.#suppress.reset();
  }
}

function neverClosed(): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', 'suppress: unlimited windows never close', {
    remedy: 'Hold their updates back for a time, by limitMs',
  });
}
