import type { NotTaken, ProcessorOutput } from '../../../lib/state/processors/processor.js';
import type { TimeWindow } from '../../../lib/time/windows.js';

/** What a processor said, in order. */
export class Heard<A> implements ProcessorOutput<A> {
  readonly results: { key: string; window: TimeWindow | undefined; value: A | null; timestamp: number }[] =
    [];
  readonly notTakens: { why: NotTaken; window: TimeWindow | undefined }[] = [];

  result(key: string, window: TimeWindow | undefined, value: A | null, timestamp: number): void {
    this.results.push({ key, window, value, timestamp });
  }

  notTaken(why: NotTaken, window: TimeWindow | undefined): void {
    this.notTakens.push({ why, window });
  }
}
