/** What is told of one stage. */

import type { Samples } from '../ops/metric.ts';
import type { Unit } from './format.ts';

/** `warn`: look at it today; `bad`: now. */
export type Health = 'ok' | 'warn' | 'bad';

export interface StageStatus {
  readonly id: 'read' | 'kernel' | 'batches' | 'outbox' | 'spool' | 'sink' | 'alerts';
  readonly health: Health;
  /** What is going on, and what to do about it when it is not well. */
  readonly sentence: string;
  readonly numbers: readonly StageNumber[];
}

export interface StageNumber {
  readonly label: string;
  /** null: not known yet. */
  readonly value: number | null;
  readonly unit: Unit;
}

export function sumOf(samples: Samples): number {
  let sum = 0;
  for (const [, value] of samples) sum += value;
  return sum;
}
