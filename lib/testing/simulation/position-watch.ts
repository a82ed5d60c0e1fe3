import { Buffer } from 'node:buffer';
import type { LmdbEntry, LmdbImage } from './lmdb-image.js';

/** As `lib/stores/lmdb-layout.ts` has it: `'position' origin-number partition -> float64`, and the store's incarnation. */
const meta = 'kafka-rx/meta';
const prefix = Buffer.from('position');

/**
 * What of the positions that a store on disk has noted went back, or was lost, between two states of the disk; undefined: nothing.
 * With a new incarnation, which a reset begins, they may.
 */
export function positionsWentBack(after: LmdbImage, before: LmdbImage): string | undefined {
  const [now, then] = [after.get(meta) ?? [], before.get(meta) ?? []];
  if (incarnation(now) !== incarnation(then)) return undefined;
  const noted = new Map(positions(now));
  for (const [place, offset] of positions(then)) {
    const found = noted.get(place);
    if (found === undefined || found < offset)
      return `position ${place} was ${offset} and is ${found ?? 'gone'}`;
  }
  return undefined;
}

function* positions(entries: readonly LmdbEntry[]): Generator<readonly [string, number], void, undefined> {
  for (const { key, value } of entries) {
    if (!key.subarray(0, prefix.length).equals(prefix)) continue;
    yield [
      `${key.readUInt32BE(prefix.length)}/${key.readUInt32BE(prefix.length + 4)}`,
      value.readDoubleBE(0),
    ];
  }
}

function incarnation(entries: readonly LmdbEntry[]): number {
  return entries.find(({ key }) => key.toString() === 'incarnation')?.value.readDoubleBE(0) ?? 0;
}
