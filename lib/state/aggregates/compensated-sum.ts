/** A sum with what rounding has cut off it. */
export interface CompensatedSum {
  readonly sum: number;
  /** What is missing in `sum`; 0 as long as all is whole and below 2^53. */
  readonly rest: number;
}

/**
 * Neumaier's variant of Kahan's summation (A. Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen"): the
 * error does not grow with the number of values.
 */
export function compensated({ sum, rest }: CompensatedSum, value: number): CompensatedSum {
  const next = sum + value;
  const lost = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  return { sum: next, rest: rest + lost };
}

/** Of two sums. */
export function compensatedBoth(a: CompensatedSum, b: CompensatedSum): CompensatedSum {
  const { sum, rest } = compensated(a, b.sum);
  return { sum, rest: rest + b.rest };
}
