/** Plain numbers, read at scrape. */

export interface RuleStats {
  readonly rule: string;
  /** What the kernel reported as matching: every match of a composite rule, the firings of a column rule. */
  readonly matched: number;
  /** Of them, those that called at least one target. */
  readonly fired: number;
  readonly resolved: number;
  /** Epoch milliseconds of the last match; NaN before the first. */
  readonly lastMatchMs: number;
}

export interface TargetStats {
  readonly rule: string;
  /** Type and number from 1: `webhook-1`. */
  readonly target: string;
  readonly sent: number;
  /** Refused, too old, or the target broke on it. */
  readonly failed: number;
  /** There was no room, or no time at the stop. */
  readonly dropped: number;
  /** Firings inside an open window: silent by intent. */
  readonly suppressed: number;
  readonly retries: number;
  readonly queued: number;
  readonly queueBytes: number;
  /** Scheme, host and port: the path may be a secret. */
  readonly origin: string;
  /** What the last try failed with; `''` since one that passed. */
  readonly trouble: string;
}

export interface AlertStats {
  readonly rules: readonly RuleStats[];
  readonly targets: readonly TargetStats[];
  readonly queueBytes: number;
  readonly queueLimitBytes: number;
  readonly windows: number;
  /** Windows closed because there were too many. */
  readonly windowsEvicted: number;
}
