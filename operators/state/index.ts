/** @packageDocumentation State: what records come to, by key and window: `kafka-rx/state`. */
export { sessionWindowed } from '../../lib/codecs/session-windowed.js';
export { type Windowed, type WindowedOptions, windowed } from '../../lib/codecs/windowed.js';
export type { Aggregate, AggregateContext, LastingAggregate } from '../../lib/state/aggregates/aggregate.js';
export type { ExtremeOptions } from '../../lib/state/aggregates/extreme.js';
export type { InternalTopic, InternalTopicOptions } from '../../lib/state/internal-topic.js';
export type { OlderValue } from '../../lib/state/older-value.js';
export type { EmitOptions, Own, OwnKey, OwnTimers, TimerOptions } from '../../lib/state/own.js';
export type { OnMissingCut, State, StateOptions } from '../../lib/state/state.js';
export type { StateChange } from '../../lib/state/state-change.js';
export type {
  ReadOptions,
  StateRead,
  WindowedValue,
  WindowsOptions,
} from '../../lib/state/state-queries.js';
export { type CalendarOptions, type CalendarWindows, calendar } from '../../lib/time/calendar.js';
export { type HoppingOptions, type HoppingWindows, hopping } from '../../lib/time/hopping.js';
export { type SessionOptions, type SessionWindows, session } from '../../lib/time/session.js';
export { type SlidingOptions, type SlidingWindows, sliding } from '../../lib/time/sliding.js';
export { type TumblingOptions, type TumblingWindows, tumbling } from '../../lib/time/tumbling.js';
export { type UnlimitedOptions, type UnlimitedWindows, unlimited } from '../../lib/time/unlimited.js';
export type { TimeWindow } from '../../lib/time/windows.js';
export { type AggregateOptions, aggregate } from './aggregate.js';
export { all } from './aggregates/all.js';
export { type ApproxDistinctOptions, approxDistinct } from './aggregates/approxDistinct.js';
export { type CollectOptions, collect } from './aggregates/collect.js';
export { type CountDistinctOptions, countDistinct } from './aggregates/countDistinct.js';
export { counter } from './aggregates/counter.js';
export { first } from './aggregates/first.js';
export { last } from './aggregates/last.js';
export { max } from './aggregates/max.js';
export { mean } from './aggregates/mean.js';
export { min } from './aggregates/min.js';
export { sum } from './aggregates/sum.js';
export { type TopKOptions, topK } from './aggregates/topK.js';
export { type VarianceOptions, variance } from './aggregates/variance.js';
export type { CloseWhenIdleOptions } from './close-when-idle.js';
export { type CogroupOptions, type CogroupSide, cogroup } from './cogroup.js';
export { type CountOptions, count } from './count.js';
export type { Emit, FinalOptions } from './emit.js';
export { type ReduceOptions, reduce } from './reduce.js';
export { repartition } from './repartition.js';
export { type SuppressForOptions, type SuppressUntilClosedOptions, suppress } from './suppress.js';
export { type WithStateOptions, withState } from './withState.js';
