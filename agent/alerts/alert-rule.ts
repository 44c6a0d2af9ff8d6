/** One rule between the kernel and its targets: which of its events fire, and what it remembers for that. */

import type { Rule } from '../../rules/ruleset.ts';
import type { Condition, MatchKind } from '../kernel/types.ts';
import { MAX_EVENT_BYTES } from '../limits.ts';
import { conditionOf } from './condition.ts';
import type { DueQueue } from './due-queue.ts';
import { GroupReader } from './group-reader.ts';
import { type Group, type GroupBudget, Groups, newGroup } from './groups.ts';
import type { Instance } from './instance.ts';
import type { Notification } from './notification.ts';
import type { RuleStats } from './stats.ts';
import { Template } from './template.ts';
import { countMatch } from './threshold.ts';
import type { Windows } from './windows.ts';

/** Most rules have no groups: they share one. */
const UNGROUPED = new GroupReader([]);

/** What all rules share. */
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

export class AlertRule {
  readonly rule: Rule;
  /** Equal for two rules that are the same in everything. */
  readonly definition: string;
  /** Equal for two rules whose remembered states mean the same. */
  readonly stateDefinition: string;
  readonly condition: Condition;
  readonly instances: readonly Instance[];
  readonly groups: Groups;
  /** For a rule without `groupBy`. */
  readonly whole: Group;
  matched = 0;
  fired = 0;
  resolved = 0;
  cooled = 0;
  late = 0;
  lastMatchMs = Number.NaN;
  readonly #context: RuleContext;
  readonly #template: Template;
  readonly #reader: GroupReader;
  readonly #holds: Map<Group, Hold>;
  /** Groups that are not quiet: while there are none, an event that does not match is nothing. */
  #active: number;

  constructor(rule: Rule, instances: readonly Instance[], context: RuleContext) {
    const { expression, kind, repeats, groupBy, window } = rule;
    this.rule = rule;
    this.definition = JSON.stringify({ ...rule, source: '' });
    this.stateDefinition = JSON.stringify({ expression, kind, repeats, groupBy, window });
    this.condition = conditionOf(rule);
    this.instances = instances;
    this.#context = context;
    this.groups = new Groups(context.groups, (group) => this.#forget(group));
    this.whole = newGroup('');
    this.#template = new Template(rule.message);
    this.#reader = groupBy.length === 0 ? UNGROUPED : new GroupReader(groupBy);
    this.#holds = new Map();
    this.#active = 0;
  }

  get stats(): RuleStats {
    const { matched, fired, resolved, cooled, late, lastMatchMs, groups } = this;
    return {
      ...{ rule: this.rule.name, matched, fired, resolved, cooled, late, lastMatchMs },
      ...{ groups: groups.count, groupsEvicted: groups.evicted },
    };
  }

  /** @param row the flat row; not kept beyond the call */
  accept(kind: MatchKind, row: Uint8Array): void {
    switch (kind) {
      case 'match':
        if (this.rule.kind === 'composite') this.#event(row);
        else this.#stateMatch(row);
        return;
      case 'firing':
        this.#seen();
        this.#fire(this.#group(row), row);
        return;
      case 'resolved':
        this.#resolve(this.#group(row), row);
        return;
      case 'non_match': {
        if (this.#active === 0) return;
        const group = this.rule.groupBy.length === 0 ? this.whole : this.groups.find(this.#reader.key(row));
        if (group !== undefined && group.phase !== 'quiet') this.#resolve(group, row);
        return;
      }
    }
  }

  /** The cooldown of a held group is over. */
  release(group: Group): void {
    this.#holds.delete(group);
    if (group.phase !== 'held') return;
    group.phase = 'firing';
    const message = group.heldMessage;
    group.heldMessage = '';
    this.#account(group);
    this.#tell(group, message, undefined);
  }

  /** Goes on with what another version of the rule counted and, if its states mean the same, remembered. */
  takeOver(old: AlertRule): void {
    const { matched, fired, resolved, cooled, late, lastMatchMs } = old;
    Object.assign(this, { matched, fired, resolved, cooled, late, lastMatchMs });
    this.groups.evicted = old.groups.evicted;
    const groups = old.leave();
    if (old.stateDefinition !== this.stateDefinition) return;
    for (const group of [...groups, old.whole]) this.restore(group);
  }

  /** Puts a group back as it was. */
  restore(saved: Group): void {
    const group = saved.key === '' ? this.whole : newGroup(saved.key);
    const { phase, count, times, coolUntilMs, heldMessage } = saved;
    Object.assign(group, { phase, count, times, coolUntilMs, heldMessage });
    if (group !== this.whole) this.groups.add(group);
    if (phase !== 'quiet') this.#active++;
    if (phase === 'held') this.#hold(group);
  }

  /** The rule is no more; gives back its groups. */
  leave(): Group[] {
    for (const hold of this.#holds.values()) this.#context.holds.remove(hold);
    this.#holds.clear();
    return this.groups.leave();
  }

  #group(row: Uint8Array): Group {
    return this.rule.groupBy.length === 0 ? this.whole : this.groups.touch(this.#reader.key(row));
  }

  #event(row: Uint8Array): void {
    this.#seen();
    const group = this.#group(row);
    if (this.#reached(group, row)) this.#fire(group, row);
  }

  #stateMatch(row: Uint8Array): void {
    const group = this.#group(row);
    if (group.phase !== 'quiet') return;
    if (this.rule.window === undefined) {
      group.count++;
      if (group.count < this.rule.repeats) return;
    } else if (!this.#reached(group, row)) {
      return;
    }
    this.#seen();
    this.#fire(group, row);
  }

  #seen(): void {
    this.matched++;
    this.lastMatchMs = this.#context.wallNow();
  }

  #reached(group: Group, row: Uint8Array): boolean {
    const { window } = this.rule;
    if (window === undefined) return true;
    const nowMs = this.#context.wallNow();
    const eventMs = this.#reader.timeMs(row);
    // A time to come, of a clock that was ahead, would make every later event one that is too late.
    const timeMs = Number.isNaN(eventMs) ? nowMs : Math.min(eventMs, nowMs);
    while ((group.times.at(-1) ?? 0) > nowMs) group.times.pop();
    const verdict = countMatch(group.times, timeMs, window);
    if (verdict === 'too_late') this.late++;
    this.#account(group);
    return verdict === 'reached';
  }

  #fire(group: Group, row: Uint8Array): void {
    const isState = this.rule.kind === 'column';
    if (isState && group.phase === 'quiet') this.#active++;
    if (this.#context.now() < group.coolUntilMs) {
      this.cooled++;
      if (!isState) return;
      group.phase = 'held';
      group.heldMessage = this.#template.render(row);
      this.#account(group);
      this.#hold(group);
      return;
    }
    if (isState) group.phase = 'firing';
    this.#tell(group, this.#template.render(row), row);
  }

  #tell(group: Group, message: string, row: Uint8Array | undefined): void {
    const { windows, now } = this.#context;
    let fired = this.instances.length === 0;
    for (const instance of this.instances) {
      const window = windows.fire(instance, group.key === '' ? message : group.key, message, now());
      if (window === undefined) {
        instance.suppressed++;
        continue;
      }
      fired = true;
      const event = instance.wantsEvent ? eventOf(row) : undefined;
      const isTold = instance.notify(this.#notification(group, { status: 'firing', message, event }));
      window.told ||= isTold;
    }
    if (!fired) return;
    this.fired++;
    if (this.rule.cooldownMs > 0) group.coolUntilMs = now() + this.rule.cooldownMs;
    this.#context.onChange();
  }

  #resolve(group: Group, row: Uint8Array): void {
    const wasHeld = group.phase === 'held';
    if (group.phase !== 'quiet') this.#active--;
    Object.assign(group, { phase: 'quiet', count: 0, times: [], heldMessage: '' });
    this.#account(group);
    this.resolved++;
    this.#context.onChange();
    const hold = this.#holds.get(group);
    if (hold !== undefined) this.#context.holds.remove(hold);
    this.#holds.delete(group);
    if (!wasHeld) this.#end(group.key, this.#template.render(row));
    if (group !== this.whole && this.#context.now() >= group.coolUntilMs) this.groups.remove(group);
  }

  /** One target hears the end of what it was told of. @param key the window's */
  endFor(instance: Instance, key: string, message: string): void {
    const group = this.rule.groupBy.length === 0 ? '' : key;
    instance.notify(this.#notification({ key: group }, { status: 'resolved', message }));
  }

  /** Tells the targets that were told of a firing, and closes its windows. */
  #end(key: string, message: string): void {
    for (const instance of this.instances) {
      const told = this.#context.windows.resolve(instance, key === '' ? undefined : key);
      if (told) this.endFor(instance, key, message);
    }
  }

  #notification(
    { key }: Pick<Group, 'key'>,
    what: Pick<Notification, 'status' | 'message' | 'event'>,
  ): Notification {
    return { ...what, atMs: this.#context.wallNow(), group: key === '' ? undefined : key };
  }

  #hold(group: Group): void {
    const hold: Hold = this.#holds.get(group) ?? { dueMs: 0, heapIndex: -1, rule: this, group };
    this.#holds.set(group, hold);
    this.#context.holds.set(hold, group.coolUntilMs);
    this.#context.onChange();
  }

  #account(group: Group): void {
    if (group !== this.whole) this.groups.account(group);
  }

  /** Of a firing that is forgotten nobody will hear the end: its windows close without a word. */
  #forget(group: Group): void {
    for (const instance of this.instances) this.#context.windows.resolve(instance, group.key);
    if (group.phase !== 'quiet') this.#active--;
    const hold = this.#holds.get(group);
    if (hold !== undefined) this.#context.holds.remove(hold);
    this.#holds.delete(group);
  }
}

/** The row's text, if it is not too long to wait in a queue. */
function eventOf(row: Uint8Array | undefined): string | undefined {
  if (row === undefined || row.length > MAX_EVENT_BYTES) return undefined;
  return Buffer.from(row.buffer, row.byteOffset, row.byteLength).toString();
}
