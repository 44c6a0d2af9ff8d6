/** One alert of a valid document as a rule: one spelling for each operator, defaults filled in. */

import { MAX_EXPRESSION_DEPTH } from '../agent/limits.ts';
import type { Expression, NumericLeaf, StringLeaf } from './ast.ts';
import { parseDuration } from './duration.ts';
import { heightOf, normalise } from './normal.ts';
import {
  DEFAULT_NUMERIC_OPERATOR,
  DEFAULT_STRING_OPERATOR,
  numericOperator,
  stringOperator,
} from './operators.ts';
import { parse } from './parse.ts';
import type { Rule, RuleExtension, Severity } from './ruleset.ts';
import { type TargetJson, toTarget } from './target.ts';

const DEFAULT_REPEATS = 1;

interface NumericJson {
  readonly column: string;
  readonly operator?: string;
  readonly value: number;
}

interface StringJson {
  readonly column: string;
  readonly operator?: string;
  readonly value: string;
  readonly ignoreCase?: boolean | null;
}

type ExpressionJson =
  | { readonly and: readonly ExpressionJson[] }
  | { readonly or: readonly ExpressionJson[] }
  | { readonly not: ExpressionJson }
  | { readonly numeric: NumericJson }
  | { readonly string: StringJson };

type ColumnJson = (NumericJson | StringJson) & { readonly repeats?: number | null };

interface ExtensionJson {
  readonly enabled?: boolean;
  readonly severity?: Severity;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly groupBy?: readonly string[];
  readonly threshold?: number;
  readonly window?: string;
  readonly cooldown?: string;
  readonly includeEvent?: boolean;
  readonly maxPerMinute?: number;
}

/** What schema.json lets through. */
export interface AlertJson {
  readonly id?: string;
  readonly name: string;
  readonly message: string;
  readonly rule:
    | { readonly type: 'composite'; readonly config: string | ExpressionJson }
    | { readonly type: 'column'; readonly config: ColumnJson };
  readonly targets: readonly TargetJson[];
  readonly tetraship?: ExtensionJson;
}

/** What the schema cannot see: where in the alert, and why it is no rule. */
export interface AlertProblem {
  readonly path: string;
  readonly text: string;
}

/** The rule without the default targets, or why it is none. */
export function toRule(alert: AlertJson, source: string): Rule | AlertProblem {
  const { name, message, rule } = alert;
  const targets = alert.targets.map(toTarget);
  const common = { name, id: alert.id, message, targets, source, ...toExtension(alert.tetraship ?? {}) };
  if (rule.type === 'column') {
    const repeats = rule.config.repeats ?? DEFAULT_REPEATS;
    if (common.window !== undefined && repeats !== DEFAULT_REPEATS) {
      return {
        path: 'tetraship.threshold',
        text: '"repeats" counts the matches already: use "threshold" with "window", or "repeats"',
      };
    }
    return { ...common, kind: 'column', expression: toLeaf(rule.config), repeats };
  }
  const expression =
    typeof rule.config === 'string' ? parse(rule.config) : normalise(toExpression(rule.config));
  if (heightOf(expression) > MAX_EXPRESSION_DEPTH) {
    return { path: 'rule.config', text: `this nests more than ${MAX_EXPRESSION_DEPTH} levels deep` };
  }
  return { ...common, kind: 'composite', expression, repeats: 1 };
}

function toExpression(json: ExpressionJson): Expression {
  if ('and' in json) return { and: json.and.map(toExpression) };
  if ('or' in json) return { or: json.or.map(toExpression) };
  if ('not' in json) return { not: toExpression(json.not) };
  return toLeaf('numeric' in json ? json.numeric : json.string);
}

function toLeaf(json: NumericJson | StringJson): Expression {
  return isString(json) ? { string: toStringLeaf(json) } : { numeric: toNumericLeaf(json) };
}

function isString(json: NumericJson | StringJson): json is StringJson {
  return typeof json.value === 'string';
}

function toNumericLeaf(json: NumericJson): NumericLeaf {
  const operator = numericOperator(json.operator ?? DEFAULT_NUMERIC_OPERATOR) ?? DEFAULT_NUMERIC_OPERATOR;
  return { column: json.column, operator, value: json.value + 0 };
}

function toStringLeaf(json: StringJson): StringLeaf {
  const operator = stringOperator(json.operator ?? DEFAULT_STRING_OPERATOR) ?? DEFAULT_STRING_OPERATOR;
  const { column, value } = json;
  const ignoreCase = json.ignoreCase ?? undefined;
  return ignoreCase === undefined ? { column, operator, value } : { column, operator, value, ignoreCase };
}

function toExtension(json: ExtensionJson): RuleExtension {
  const { window, threshold, cooldown } = json;
  return {
    enabled: json.enabled ?? true,
    severity: json.severity,
    labels: json.labels ?? {},
    annotations: json.annotations ?? {},
    groupBy: json.groupBy ?? [],
    window:
      window === undefined || threshold === undefined ? undefined : { ms: parseDuration(window), threshold },
    cooldownMs: cooldown === undefined ? 0 : parseDuration(cooldown),
    includeEvent: json.includeEvent ?? false,
    maxPerMinute: json.maxPerMinute ?? Number.POSITIVE_INFINITY,
  };
}
