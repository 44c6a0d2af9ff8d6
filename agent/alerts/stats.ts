/** Plain numbers, read at scrape. */

export interface RuleStats {
  readonly rule: string;
  /** Every match of a composite rule, the firings of a column rule. */
  readonly matched: number;
  /** Of them, those that called at least one target, or would if there were one. */
  readonly fired: number;
  readonly resolved: number;
  /** Firings held back by the cooldown. */
  readonly cooled: number;
  /** Matches too late for their window to be judged. */
  readonly late: number;
  readonly groups: number;
  /** Groups forgotten because there were too many. */
  readonly groupsEvicted: number;
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
  /** There was no room. */
  readonly dropped: number;
  /** Firings inside an open window: silent by intent. */
  readonly suppressed: number;
  /** Held back by `maxPerMinute`, and told in a sum. */
  readonly limited: number;
  readonly retries: number;
  readonly queued: number;
  readonly queueBytes: number;
  /** Scheme, host and port: the path may be a secret. */
  readonly origin: string;
  /** What the last try failed with; `''` since one that passed. */
  readonly trouble: string;
  /** It failed several times in a row: its next try decides. */
  readonly broken: boolean;
}

export interface AlertStats {
  readonly rules: readonly RuleStats[];
  readonly targets: readonly TargetStats[];
  readonly queueBytes: number;
  readonly queueLimitBytes: number;
  readonly groupBytes: number;
  /** Notifications of a time before the restart whose rule or target is gone. */
  readonly orphans: number;
  readonly windows: number;
  /** Windows closed because there were too many. */
  readonly windowsEvicted: number;
}
