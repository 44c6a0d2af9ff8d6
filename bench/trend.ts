/** A straight line through samples, and how sure it is. */

export interface Trend {
  /** Change of the value per unit of the argument. */
  readonly slope: number;
  /** Standard error of the slope: twice this to either side holds 95 in 100. */
  readonly error: number;
}

/** Least squares; NaN with fewer than three samples. */
export function trend(points: readonly (readonly [at: number, value: number])[]): Trend {
  const count = points.length;
  if (count < 3) return { slope: Number.NaN, error: Number.NaN };
  const mean = (pick: 0 | 1): number => points.reduce((sum, point) => sum + point[pick], 0) / count;
  const [meanAt, meanValue] = [mean(0), mean(1)];
  let spread = 0;
  let product = 0;
  for (const [at, value] of points) {
    spread += (at - meanAt) ** 2;
    product += (at - meanAt) * (value - meanValue);
  }
  const slope = product / spread;
  let residual = 0;
  for (const [at, value] of points) residual += (value - meanValue - slope * (at - meanAt)) ** 2;
  return { slope, error: Math.sqrt(residual / (count - 2) / spread) };
}
