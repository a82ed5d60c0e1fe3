import type { GoldenCase, GoldenOutput } from './cases.js';

/** What one input came to: what was handed on, and how much was not taken. */
export interface Answer {
  readonly output: readonly GoldenOutput[];
  readonly dropped: number;
}

/** What Kafka Streams answered, of each input. */
export function expectedOf({ output, dropped }: GoldenCase): readonly Answer[] {
  return output.map((one, index) => ({ output: one, dropped: dropped[index] ?? 0 }));
}
