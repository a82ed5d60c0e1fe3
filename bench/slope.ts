/** How much a figure grows for each unit of another: least squares. */
export function slopeOf<T>(
  samples: readonly T[],
  along: (sample: T) => number,
  figure: (sample: T) => number,
): number {
  const mean = (of: (sample: T) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const x = mean(along);
  const y = mean(figure);
  const covariance = mean(sample => (along(sample) - x) * (figure(sample) - y));
  return covariance / mean(sample => (along(sample) - x) ** 2);
}

/** `+0.3`, `−1.2`. */
export function shownSlope(slope: number): string {
  return `${slope < 0 ? '−' : '+'}${Math.abs(slope).toFixed(1)}`;
}
