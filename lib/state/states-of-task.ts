import type { ProcessorState } from './processors/processor.js';

/** What the inputs of a task had to read at a moment, and how far stream time may go on by the clock. */
export interface InputsSeen {
  /** On the clock's monotonic time, in milliseconds: what came to the inputs later is not counted. */
  readonly at: number;
  /** Milliseconds since 1970: stream time is held there by who writes the inputs and is behind; infinite: by nobody. */
  readonly bound: number;
  /** All that was there then has been handed out, and is settled. */
  isRead(): boolean;
}

/** What a task keeps in states, as operators see it: what the last cut left, and what was made of records since. */
export interface StatesOfTask {
  /** Grows whenever what was put is dropped, or another member may have gone on: whatever is remembered beside the tables is to be forgotten. */
  readonly era: number;
  /** Where the last cut had an input, by topic: the offset that is read next. Undefined: nothing of it was read. */
  positionOf(topic: string): number | undefined;
  /** Asks how far the inputs go. @returns undefined: nobody could say */
  inputsSeen(): Promise<InputsSeen | undefined>;
  /** @throws `STATE` where the task has none of that name */
  state(name: string): ProcessorState;
}
