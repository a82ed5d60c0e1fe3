import type { Buffer } from 'node:buffer';
import type { RowWatch } from './layers/row-watch.js';

/** How a table's values lie in its rows. */
export interface ValueFormat<T> {
  encode(value: T): Buffer;
  /** The bytes are nobody else's, and may be kept. What is given is the cut's own, and may be changed. */
  decode(bytes: Buffer): T;
  /** Throws for a row that may not be written; default: all may. */
  readonly check?: ((key: string, value: Buffer, timestamp: number) => void) | undefined;
  /** Outlives overlays, so that what was refused in one is watched for in the next. Default: rows are looked at when a cut is sealed. */
  readonly watch?: RowWatch | undefined;
}
