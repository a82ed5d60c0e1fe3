import { placeOf } from '../evidence.js';
import type { Owed, Place, Torn } from './evidence.js';

/** What one look at a partition of an output brought; those at one partition follow each other. */
export interface Sight {
  readonly topic: string;
  readonly partition: number;
  /** When the answer was here, ms. */
  readonly atMs: number;
  /** Inputs whose output it brought. */
  readonly sources: readonly Place[];
  /** Everything below was read. */
  readonly position: number;
  /** The end for readers of committed records, and the end, as the answer tells them. */
  readonly end: number;
  readonly highWatermark: number;
}

/** An output that is not visible yet, while another of the same input is. Times are of {@link WholeWatch}'s own count. */
interface Missing {
  readonly partition: number;
  looks: number;
  sinceMs: number;
  /** Below it the output lies, if it lies there at all. */
  below: number;
  /** Since when readers are beyond it. */
  freeSinceMs: number | undefined;
}

interface Pending {
  readonly source: Place;
  readonly missing: Map<string, Missing>;
}

const boundMs = 5_000;
/** Longer without an answer: nobody looked, since the broker was down. It is not held against the app. */
const mostGapMs = 500;

/**
 * Every input is whole soon after the first of its outputs is seen: all of them within 5 s. Not at every instant, since the
 * markers that end a transaction reach its partitions one after the other.
 *
 * Pure: it is told what a reader of committed records saw when. A missing output is held against the app only by looks at its own
 * partition that reached the end there; time in which nobody got an answer does not count. Where a process was killed, what it left open
 * holds readers of everybody's outputs until its successor is there, so that a run that kills gives readers that are held so longer.
 */
export class WholeWatch {
  readonly torn: Torn[] = [];
  readonly #owed: (source: Place) => readonly Owed[];
  readonly #heldBoundMs: number;
  readonly #pending = new Map<string, Pending>();
  readonly #done = new Set<string>();
  /** By `topic:partition`: for how long it was looked at, and the last time. */
  readonly #looked = new Map<string, { ms: number; atMs: number }>();

  /**
   * @param owed what an input becomes
   * @param heldBoundMs for how long an output may be missing while an open transaction holds readers before where it may lie
   */
  constructor(owed: (source: Place) => readonly Owed[], heldBoundMs = boundMs) {
    this.#owed = owed;
    this.#heldBoundMs = heldBoundMs;
  }

  saw(sight: Sight): void {
    const looked = this.#look(sight);
    for (const source of sight.sources) this.#found(sight.topic, source);
    if (sight.position < sight.end) return;
    for (const [id, { source, missing }] of this.#pending) {
      const wanted = missing.get(sight.topic);
      if (wanted?.partition !== sight.partition) continue;
      const heldMs = heldFor(wanted, sight, looked, this.#heldBoundMs);
      if (heldMs === undefined) continue;
      this.torn.push({ source, missing: [...missing.keys()], heldMs });
      this.#pending.delete(id); // told once
      this.#done.add(id);
    }
  }

  #look({ topic, partition, atMs }: Sight): number {
    const key = `${topic}:${partition}`;
    const before = this.#looked.get(key) ?? { ms: 0, atMs };
    const ms = before.ms + Math.min(mostGapMs, Math.max(0, atMs - before.atMs));
    this.#looked.set(key, { ms, atMs });
    return ms;
  }

  #found(topic: string, source: Place): void {
    const id = placeOf(source);
    if (this.#done.has(id)) return;
    const pending = this.#pending.get(id) ?? { source, missing: new Map<string, Missing>() };
    if (!this.#pending.has(id)) {
      for (const { topic: owed, partition } of this.#owed(source)) {
        // Where anywhere will do nothing can be said of one partition; the end of the run says it.
        if (partition === undefined) continue;
        const missing = { partition, looks: 0, sinceMs: 0, below: Number.POSITIVE_INFINITY };
        pending.missing.set(owed, { ...missing, freeSinceMs: undefined });
      }
      this.#pending.set(id, pending);
    }
    pending.missing.delete(topic);
    if (pending.missing.size > 0) return;
    this.#pending.delete(id);
    this.#done.add(id);
  }
}

/** For how long too long; undefined: not yet. */
function heldFor(wanted: Missing, sight: Sight, looked: number, heldBoundMs: number): number | undefined {
  wanted.looks++;
  // The first answer may have been on its way before the first sight; the second was asked for after it.
  if (wanted.looks === 1) return undefined;
  if (wanted.looks === 2) {
    wanted.sinceMs = looked;
    wanted.below = sight.highWatermark;
  }
  if (sight.end >= wanted.below) wanted.freeSinceMs ??= looked;
  const held = looked - wanted.sinceMs;
  const free = wanted.freeSinceMs === undefined ? 0 : looked - wanted.freeSinceMs;
  return held > heldBoundMs || free > boundMs ? held : undefined;
}
