import type { Buffer } from 'node:buffer';
import type { LmdbPositions } from './lmdb-positions.js';
import type { LmdbWriter } from './lmdb-writer.js';
import type { StorePosition } from './port.js';

interface Parts {
  readonly positions: LmdbPositions;
  readonly writer: LmdbWriter;
}

/**
 * Begins these topics anew: their documents go, some in each transaction, and the positions last. Had those been first, what another
 * process writes meanwhile would be removed and passed for done.
 */
export async function reincarnate(
  positions: readonly StorePosition[],
  { positions: own, writer }: Parts,
  transact: (write: () => void) => Promise<void>,
): Promise<void> {
  for (const position of positions) {
    let after: Buffer | undefined;
    do {
      await transact(() => {
        after = own.removeSome(position, positions, writer, after);
      });
    } while (after !== undefined);
  }
  await transact(() => own.begin(positions));
  own.begun();
}
