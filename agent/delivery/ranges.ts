/** Which bytes of which logs: how events that are lost are named. */

import type { RowTable } from './body.ts';

export interface Range {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** A body's rows come from one file, two at a rotation; more would flood the log. */
const MAX_RANGES = 8;

/** The lines a body was made of: per file, from the first to the end of the last. */
export function rangesOf(table: RowTable): Range[] {
  return table.spans.slice(0, MAX_RANGES).map(({ firstRow, file }, i) => {
    const last = (table.spans[i + 1]?.firstRow ?? table.ends.length) - 1;
    return {
      file: file.path,
      from: table.offsets[firstRow] ?? 0,
      to: (table.offsets[last] ?? 0) + (table.lengths[last] ?? 0),
    };
  });
}

/** Joins a range to the one before it when that is of the same file. */
export function joinRange(ranges: Range[], range: Range): void {
  const last = ranges.at(-1);
  if (last?.file === range.file) {
    ranges[ranges.length - 1] = {
      ...last,
      from: Math.min(last.from, range.from),
      to: Math.max(last.to, range.to),
    };
  } else if (ranges.length < MAX_RANGES) {
    ranges.push(range);
  }
}
