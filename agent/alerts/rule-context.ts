/** What all rules share. */

import type { AlertRule } from './alert-rule.ts';
import type { DueQueue } from './due-queue.ts';
import type { Group, GroupBudget } from './groups.ts';
import type { Instance } from './instance.ts';
import type { Windows } from './window.ts';

export interface RuleContext {
  readonly windows: Windows<Instance>;
  readonly groups: GroupBudget;
  /** Groups whose cooldown holds a firing back. */
  readonly holds: DueQueue<Hold>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Epoch milliseconds. */
  readonly wallNow: () => number;
  /** Something has changed that a restart must know. */
  readonly onChange: () => void;
}

/** A held group with its rule, as a thing that is due. */
export interface Hold {
  dueMs: number;
  heapIndex: number;
  readonly rule: AlertRule;
  readonly group: Group;
}
