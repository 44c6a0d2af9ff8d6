/**
 * What rules remember for each combination of values of their `groupBy` columns.
 *
 * The values come from log lines, which attackers write: so a rule has at most `MAX_GROUPS_PER_RULE` groups, all
 * rules together at most `MAX_GROUP_BYTES` of them, and beyond that the one touched longest ago is forgotten, of the
 * rule that has most. A flood of one rule's groups costs that rule's old groups, not those of others.
 */

import { MAX_GROUP_BYTES, MAX_GROUPS_PER_RULE } from '../limits.ts';

/** Beside texts and times, about. */
const GROUP_OVERHEAD_BYTES = 256;
const TIME_BYTES = 8;

/**
 *     quiet ──fires──► firing ──does not match──► quiet
 *       └─fires during its cooldown─► held ─cooldown over─► firing, or ─does not match─► quiet
 *
 * Composite rules are always `quiet`.
 */
export type Phase = 'quiet' | 'held' | 'firing';

export interface Group {
  /** JSON list of the values; `''` for the one group of a rule without `groupBy`. */
  readonly key: string;
  phase: Phase;
  /** Matches since the last resolve; of column rules whose state the host keeps. */
  count: number;
  /** Epoch milliseconds of matches that may still reach the threshold, sorted. */
  times: number[];
  /** Monotonic milliseconds; no firing before. */
  coolUntilMs: number;
  /** What is to be said when the cooldown is over, while `held`. */
  heldMessage: string;
  /** As counted against the bound. */
  bytes: number;
}

export function newGroup(key: string): Group {
  return {
    ...{ key, phase: 'quiet', count: 0, times: [], coolUntilMs: Number.NEGATIVE_INFINITY },
    ...{ heldMessage: '', bytes: 0 },
  };
}

/** The values of a group's key: `null` for a column that the event did not have. */
export function groupValues(key: string): (string | null)[] {
  const values: unknown = JSON.parse(key);
  if (!Array.isArray(values)) return [];
  return values.map((value) => (typeof value === 'string' ? value : null));
}

/** What the groups of all rules may take together. */
export class GroupBudget {
  usedBytes = 0;
  readonly limitBytes: number;
  readonly #owners: Set<Groups>;

  constructor(limitBytes = MAX_GROUP_BYTES) {
    this.limitBytes = limitBytes;
    this.#owners = new Set();
  }

  join(groups: Groups): void {
    this.#owners.add(groups);
  }

  leave(groups: Groups): void {
    this.#owners.delete(groups);
  }

  /** Takes from whoever has most. */
  makeRoom(): void {
    while (this.usedBytes > this.limitBytes) {
      let largest: Groups | undefined;
      for (const groups of this.#owners) {
        if (largest === undefined || groups.bytes > largest.bytes) largest = groups;
      }
      if (largest === undefined || largest.count < 2) return;
      // Half of it at once: looking for the largest must not become the work of every event.
      for (let left = largest.count >> 1; left > 0; left--) largest.evictOldest();
    }
  }
}

/** The groups of one rule. */
export class Groups {
  bytes = 0;
  /** Forgotten because there were too many. */
  evicted = 0;
  readonly #budget: GroupBudget;
  /** In the order of the last touch. */
  readonly #groups: Map<string, Group>;
  readonly #onEvict: (group: Group) => void;

  constructor(budget: GroupBudget, onEvict: (group: Group) => void) {
    this.#budget = budget;
    this.#groups = new Map();
    this.#onEvict = onEvict;
    budget.join(this);
  }

  get count(): number {
    return this.#groups.size;
  }

  find(key: string): Group | undefined {
    return this.#groups.get(key);
  }

  /** The group, made if there is none; it is now the last to be forgotten. */
  touch(key: string): Group {
    const group = this.#groups.get(key) ?? newGroup(key);
    this.#groups.delete(key);
    this.add(group);
    return group;
  }

  add(group: Group): void {
    this.#groups.set(group.key, group);
    this.account(group);
    while (this.#groups.size > MAX_GROUPS_PER_RULE) this.evictOldest();
  }

  /** After a group has changed. */
  account(group: Group): void {
    const bytes =
      2 * (group.key.length + group.heldMessage.length) +
      TIME_BYTES * group.times.length +
      GROUP_OVERHEAD_BYTES;
    this.#grow(bytes - group.bytes);
    group.bytes = bytes;
    if (this.#budget.usedBytes > this.#budget.limitBytes) this.#budget.makeRoom();
  }

  remove(group: Group): void {
    if (this.#groups.get(group.key) === group) this.#drop(group);
  }

  evictOldest(): void {
    for (const group of this.#groups.values()) {
      this.#drop(group);
      this.evicted++;
      this.#onEvict(group);
      return;
    }
  }

  /** Nothing is left; for a rule that goes. */
  leave(): Group[] {
    const all = [...this.#groups.values()];
    for (const group of all) this.#drop(group);
    this.#budget.leave(this);
    return all;
  }

  [Symbol.iterator](): IterableIterator<Group> {
    return this.#groups.values();
  }

  #drop(group: Group): void {
    this.#groups.delete(group.key);
    this.#grow(-group.bytes);
    group.bytes = 0;
  }

  #grow(bytes: number): void {
    this.bytes += bytes;
    this.#budget.usedBytes += bytes;
  }
}
