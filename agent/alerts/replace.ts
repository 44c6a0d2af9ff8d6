/** New rules in the place of old ones: what stays the same goes on as if nothing had been. */

import type { AlertRule } from './alert-rule.ts';
import type { Instance } from './instance.ts';
import { GONE } from './reason.ts';
import type { ConditionStates } from './saved.ts';
import type { Windows } from './windows.ts';

export interface ReplaceContext {
  readonly states: ConditionStates;
  /** Puts the new conditions into the kernel. */
  readonly replace: () => void;
  readonly windows: Windows<Instance>;
  /** A target that nobody follows; it still delivers what it has queued. */
  readonly onLeft: (instance: Instance) => void;
}

/** @returns the rules in force: an old one where it is the same as the new one */
export function adoptRules(
  old: readonly AlertRule[],
  wanted: readonly AlertRule[],
  context: ReplaceContext,
): readonly AlertRule[] {
  const { states, replace } = context;
  const before = new Map(old.map((rule, index) => [rule.rule.name, { rule, state: states.state(index) }]));
  replace();
  const rules = wanted.map((rule, index) => {
    const known = before.get(rule.rule.name);
    if (known === undefined) return rule;
    before.delete(rule.rule.name);
    const means = known.rule.stateDefinition === rule.stateDefinition;
    if (means) states.restore(index, known.state);
    if (known.rule.definition === rule.definition) {
      rule.leave();
      return known.rule;
    }
    if (!means) endAll(known.rule, context.windows);
    rule.takeOver(known.rule);
    passOn(known.rule, rule, context);
    return rule;
  });
  for (const { rule } of before.values()) {
    endAll(rule, context.windows);
    rule.leave();
    for (const instance of rule.instances) context.onLeft(instance);
  }
  return rules;
}

/** The targets that were told of a firing hear its end; open windows of events close without a word. */
function endAll(rule: AlertRule, windows: Windows<Instance>): void {
  for (const instance of rule.instances) endFor(rule, instance, windows);
}

function endFor(rule: AlertRule, instance: Instance, windows: Windows<Instance>): void {
  if (rule.rule.kind === 'column') {
    for (const { key, told } of windows.of(instance)) if (told) rule.endFor(instance, key, GONE);
  }
  windows.resolve(instance);
}

/** Queues and windows go to the target of the same type and number. */
function passOn(old: AlertRule, rule: AlertRule, { windows, onLeft }: ReplaceContext): void {
  for (const instance of old.instances) {
    const successor = rule.instances.find(({ label }) => label === instance.label);
    if (successor === undefined) {
      endFor(old, instance, windows);
      onLeft(instance);
      continue;
    }
    windows.move(instance, successor);
    instance.handOver(successor);
  }
}
