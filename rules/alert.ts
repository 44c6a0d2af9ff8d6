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
import type { Repeat, Rule, Target } from './ruleset.ts';

/** What a target without `repeat` does. */
const DEFAULT_INTERVAL_MS = 200_000;
const DEFAULT_TIMES = 5;
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

interface RepeatJson {
  readonly interval?: string | null;
  readonly times?: number | null;
}

interface TargetJson {
  readonly type: 'webhook' | 'slack' | 'alertmanager';
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly skip_tls_check?: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly repeat?: RepeatJson | null;
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
}

/** The rule, or why the schema could not see that it is none. */
export function toRule(alert: AlertJson, source: string): Rule | string {
  const { name, message, rule } = alert;
  const targets = alert.targets.map(toTarget);
  const common = { name, id: alert.id, message, targets, source };
  if (rule.type === 'column') {
    const repeats = rule.config.repeats ?? DEFAULT_REPEATS;
    return { ...common, kind: 'column', expression: toLeaf(rule.config), repeats };
  }
  const expression =
    typeof rule.config === 'string' ? parse(rule.config) : normalise(toExpression(rule.config));
  if (heightOf(expression) > MAX_EXPRESSION_DEPTH) {
    return `this nests more than ${MAX_EXPRESSION_DEPTH} levels deep`;
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

function toTarget(json: TargetJson): Target {
  const { endpoint, skip_tls_check: skipTlsCheck = false, username, password } = json;
  switch (json.type) {
    case 'webhook':
      return {
        type: json.type,
        endpoint,
        headers: json.headers ?? {},
        skipTlsCheck,
        repeat: toRepeat(json, DEFAULT_TIMES),
      };
    case 'slack':
      return { type: json.type, endpoint, repeat: toRepeat(json, DEFAULT_TIMES) };
    case 'alertmanager': {
      const credentials =
        username === undefined || password === undefined ? undefined : { username, password };
      const repeat = toRepeat(json, Number.POSITIVE_INFINITY);
      return { type: json.type, endpoint, skipTlsCheck, credentials, repeat };
    }
  }
}

function toRepeat({ repeat }: TargetJson, defaultTimes: number): Repeat {
  const interval = repeat?.interval ?? undefined;
  return {
    intervalMs: interval === undefined ? DEFAULT_INTERVAL_MS : parseDuration(interval),
    times: repeat?.times ?? defaultTimes,
  };
}
