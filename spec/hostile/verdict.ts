import type { HostileRecord } from './corpus.js';

/** Where a record was found. */
export interface Found {
  /** Outputs that name the purchase: topics and the store. */
  readonly outputs: ReadonlySet<string>;
  /** Stages of its dead letters. */
  readonly deadLetters: readonly string[];
}

/** What a record's fate demands, or undefined; named so that a failure tells the record. */
export function strayed(
  { what, fate, customerId }: HostileRecord,
  found: Found,
  all: number,
): string | undefined {
  const { outputs, deadLetters } = found;
  const ok = {
    accepted: outputs.size === all && deadLetters.length === 0,
    refused: outputs.size === 0 && deadLetters.length === 1,
    both: outputs.size > 0 && outputs.size < all && deadLetters.length > 0,
  }[fate];
  if (ok) return undefined;
  return `${customerId} (${what}) should be ${fate}: in [${[...outputs]}], dead letters of [${deadLetters}]`;
}
