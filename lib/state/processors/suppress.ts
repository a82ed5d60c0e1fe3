import type { TimeWindow } from '../../time/windows.js';
import type { ProcessorOutput } from './processor.js';

/** What holds updates of rows back for a while, and hands on the last of each. */
export interface Suppress<A> {
  /** Takes an update; `output` hears if it is late. Nothing that is held back is handed on before `close`. */
  take(
    key: string,
    window: TimeWindow | undefined,
    value: A | null,
    timestamp: number,
    output: ProcessorOutput<A>,
  ): void;
  /**
   * Hands on what was held back for long enough.
   *
   * @param limit results at most
   * @returns whether there is more, for another turn
   */
  close(limit: number, output: ProcessorOutput<A>): boolean;
  /** @see Processor.streamTime */
  readonly streamTime?: number;
  /** @see Processor.closesAt */
  closesAt?(): number | undefined;
  /** @see Processor.passTo */
  passTo?(time: number): void;
  /** @see Processor.mayRise */
  readonly mayRise: boolean;
  /** Forgets what it remembers of the state: a unit of work was dropped. */
  reset(): void;
}
