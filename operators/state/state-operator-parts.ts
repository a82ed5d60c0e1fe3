import type { Observer } from 'rxjs';
import type { Verdict } from '../../lib/flow/leases/delivery.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import type { Processor, ProcessorState } from '../../lib/state/processors/processor.js';
import type { StateHandle, StateWriter } from '../../lib/state/state.js';
import type { TimeWindow } from '../../lib/time/windows.js';

/** What a processor with timers asks of the turn that it is in. */
export interface TimerTurns {
  /** The app's clock, milliseconds since 1970. */
  now(): number;
  /** What a timer makes is told by this from what others make; undefined: it has made all. */
  identify(timer: string | undefined): void;
  /** A timer's function threw. */
  failed(cause: unknown): void;
  /** Something is due then by the app's clock. */
  alarm(due: number): void;
}

/** What is taken just now. */
export interface Current<I, V> {
  readonly record: KafkaRecord<I, V>;
  /** Which of the streams it came by, from 0 up. */
  readonly side: number;
}

/** What an operator with state is made of; its records' keys are `I`, in which a key of the state stands. */
export interface StateOperator<K, V, A, L, R, I = K> {
  readonly name: string;
  readonly onError: Verdict | undefined;
  readonly state: StateHandle<K, A>;
  readonly writer: Omit<StateWriter, 'node'>;
  /** What goes through it in one task. */
  processor(state: ProcessorState, current: Current<I, V>, turns: TimerTurns): Processor<V, A>;
  /** The state's key in a record's; null or undefined: it has none. */
  plainKey(key: I): K | null | undefined;
  /** The key of a result. @param key the record's, where the result is of that; otherwise it is decoded */
  keyOf(key: K, window: TimeWindow | undefined): L;
  /** @param aggregate null: it was deleted */
  resultOf(aggregate: A | null): R;
  /** After how long without a record stream time goes on with the clock, milliseconds. Left out, or undefined: never. */
  readonly closeWhenIdleMs?: number | undefined;
  readonly late: Observer<KafkaRecord<I, V>> | undefined;
}

/** Where an operator stands in its topology. */
export interface OperatorPlace {
  readonly node: string;
  /** Greater than that of each operator with state above it. */
  readonly order: number;
}
