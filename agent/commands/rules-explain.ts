/** `tetraship rules explain`: how rules are understood, and what they cost. */

import { typeOfColumn } from '../../rules/columns.ts';
import { throwProblems } from '../../rules/document.ts';
import { columnsOf } from '../../rules/lint.ts';
import { collectRules } from '../../rules/load.ts';
import { print } from '../../rules/print.ts';
import type { Rule } from '../../rules/ruleset.ts';
import { TetrashipError } from '../errors.ts';
import { COST_WORDS, type Cost, costsOf } from './cost.ts';
import { say } from './say.ts';

export interface ExplainOptions {
  readonly json?: boolean;
  readonly rule?: string;
}

/** @throws {TetrashipError} RULES when the rules cannot be used, or there is none of that name */
export async function explainRules(path: string, options: ExplainOptions): Promise<void> {
  const { rules, problems } = collectRules(path, { withoutTargets: true });
  throwProblems(problems);
  const wanted = options.rule === undefined ? rules : rules.filter(({ name }) => name === options.rule);
  if (wanted.length === 0) {
    const what = options.rule === undefined ? 'rules' : `rule ${JSON.stringify(options.rule)}`;
    throw new TetrashipError('RULES', `cannot explain: there is no ${what} in ${path}`);
  }
  const costs = await costsOf(wanted);
  const texts = wanted.map((rule, index) => {
    const cost = costs[index] ?? { class: 'look-up', states: 0, looked: 'candidate' };
    return options.json === true ? JSON.stringify(explained(rule, cost)) : asText(rule, cost);
  });
  say(texts.join(options.json === true ? '\n' : '\n\n'));
}

function explained(rule: Rule, cost: Cost): object {
  const { name, kind, repeats, enabled, severity, groupBy, window, cooldownMs, labels, annotations } = rule;
  const columns = columnsOf(rule.expression).map((column) => ({
    name: column,
    type: typeOfColumn(column) ?? null,
  }));
  return {
    ...{ rule: name, type: kind, expression: print(rule.expression), fires: firing(rule), columns, cost },
    ...{ repeats, enabled, severity: severity ?? null, groupBy, window: window ?? null, cooldownMs },
    ...{ labels, annotations },
  };
}

function asText(rule: Rule, { class: cost, states, looked }: Cost): string {
  const columns = columnsOf(rule.expression).map(
    (column) => `${column} (${typeOfColumn(column) ?? 'unknown'})`,
  );
  const when =
    looked === 'always'
      ? 'on every event that has one of its columns'
      : 'only when one of its comparisons is true';
  const lines = [
    ['expression', print(rule.expression)],
    ['fires', firing(rule)],
    ['columns', columns.join(', ')],
    ['cost', `${cost}: ${COST_WORDS[cost]}${states > 0 ? ` (${states} states)` : ''}; looked at ${when}`],
    ...(rule.enabled ? [] : [['enabled', 'no: it is checked and not evaluated']]),
    ...Object.entries({
      ...(rule.severity && { severity: rule.severity }),
      ...rule.labels,
      ...rule.annotations,
    }),
  ];
  return [rule.name, ...lines.map(([key = '', value = '']) => `  ${key.padEnd(11)} ${value}`)].join('\n');
}

/** When it fires and when it stops, in words. */
function firing({ kind, repeats, groupBy, window, cooldownMs }: Rule): string {
  const each = groupBy.length === 0 ? '' : `, for each ${groupBy.join(' and ')}`;
  const cooldown = cooldownMs === 0 ? '' : `, at most once in ${cooldownMs / 1000} s`;
  const matches =
    window === undefined
      ? kind === 'composite'
        ? 'on every match'
        : `on match ${repeats} since the last resolve`
      : `on ${window.threshold} matches within ${window.ms / 1000} s`;
  const until = kind === 'column' ? '; until an event has the column and does not match' : '';
  return `${matches}${each}${cooldown}${until}`;
}
