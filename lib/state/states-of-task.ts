import type { ProcessorState } from './processors/processor.js';

/** What a task keeps in states, as operators see it: what the last cut left, and what was made of records since. */
export interface StatesOfTask {
  /** Grows whenever what was put is dropped, or another member may have gone on: whatever is remembered beside the tables is to be forgotten. */
  readonly era: number;
  /** Where the last cut had an input, by topic: the offset that is read next. Undefined: nothing of it was read. */
  positionOf(topic: string): number | undefined;
  /** @throws `STATE` where the task has none of that name */
  state(name: string): ProcessorState;
}
