/** Timing by the process's own accounting: CPU seconds, medians of interleaved runs. */

export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function summarize(values: readonly number[]): Sample {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  const low = sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? Number.NaN;
  return { median: (low + high) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Ratios of figures that were taken in turn: each to its neighbour, so that the machine's drift cancels. */
export function pairs(left: readonly number[], right: readonly number[]): Sample {
  return summarize(left.map((value, i) => value / (right[i] ?? Number.NaN)));
}

/** CPU seconds (user and system) that `work` takes in this process. */
export function cpuSeconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const used = process.cpuUsage(start);
  return (used.user + used.system) / 1e6;
}

export interface Contender {
  readonly name: string;
  readonly bytes: number;
  readonly run: () => void;
}

/** MB per CPU-second of each contender, one run of each in turn so that drift of the machine hits all alike. */
export function race(contenders: readonly Contender[], runs: number, warmups = 2): Map<string, Sample> {
  const speeds = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let run = -warmups; run < runs; run++) {
    for (const { name, bytes, run: work } of contenders) {
      const speed = bytes / 1e6 / cpuSeconds(work);
      if (run >= 0) speeds.get(name)?.push(speed);
    }
  }
  return new Map([...speeds].map(([name, values]) => [name, summarize(values)]));
}

export function formatSample({ median, min, max }: Sample, digits = 0): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
