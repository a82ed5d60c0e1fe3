import { type KafkaRxError, type ToldError, told } from '../../errors/errors.js';
import type { Labels, Sample } from '../../logging/metrics/metrics.js';
import type { Health, LifecycleEvent } from '../lifecycle/events.js';

/** What a worker tells its parent. Errors cross threads as data: a clone would keep neither class nor code. */
export type FromWorker =
  | { readonly type: 'health'; readonly health: Health }
  | { readonly type: 'event'; readonly event: ToldEvent }
  | ({ readonly type: 'metrics' } & MetricsReport)
  | { readonly type: 'ended'; readonly failure: ToldError | undefined };

/** What a parent tells a worker. */
export interface ToWorker {
  readonly type: 'stop';
  readonly deadlineMs: number | undefined;
}

/** An event whose errors are data, at whatever depth they are. */
export type ToldEvent = Told<LifecycleEvent>;

type Told<T> = T extends KafkaRxError
  ? ToldError
  : T extends readonly (infer U)[]
    ? readonly Told<U>[]
    : T extends object
      ? { readonly [K in keyof T]: Told<T[K]> }
      : T;

/** What was measured since the last report; gauges as they stand. */
export interface MetricsReport {
  readonly defined: readonly Definition[];
  readonly counted: readonly (Sample & { readonly name: string })[];
  readonly gauges: readonly { readonly name: string; readonly samples: readonly Sample[] }[];
  readonly observed: readonly { readonly name: string; readonly value: number; readonly labels: Labels }[];
}

export interface Definition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets: readonly number[];
}

/** The errors of an event stand in three places. */
export function toldEvent(event: LifecycleEvent): ToldEvent {
  switch (event.type) {
    case 'failed':
      return { ...event, error: told(event.error) };
    case 'commit':
      return { ...event, result: { ...event.result, error: event.result.error && told(event.result.error) } };
    case 'driver':
      return event.event.type === 'disconnected'
        ? { ...event, event: { ...event.event, error: event.event.error && told(event.event.error) } }
        : { type: 'driver', event: event.event };
    default:
      return event;
  }
}
