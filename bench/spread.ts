/** Several measurements of one thing: the median counts, the extremes show how noisy the machine was. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError for no value at all */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const lower = sorted[(sorted.length - 1) >> 1];
  const upper = sorted[sorted.length >> 1];
  if (min === undefined || max === undefined || lower === undefined || upper === undefined) {
    throw new RangeError('the spread of no value');
  }
  return { median: (lower + upper) / 2, min, max };
}

/** Of these figures in relation to others of the same rounds: the machine may change from one round to the next. */
export function ratioSpread(own: readonly number[], others: readonly number[]): Spread {
  return spreadOf(own.map((figure, i) => figure / (others[i] ?? Number.NaN)));
}

/** `28.3 (20.1–34.0)`: median (min–max). */
export function shownSpread({ median, min, max }: Spread, digits = 0): string {
  const shown = (value: number): string =>
    value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${shown(median)} (${shown(min)}–${shown(max)})`;
}
