/**
 * One rules document: Parseable's alert configuration, version v1, from text to rules.
 *
 * Everything is checked before anything is used, and all problems are told at once (the first
 * `MAX_RULE_PROBLEMS_SHOWN` of them). The text is taken as hostile: its length and depth are bounded before
 * anything recursive looks at it. schema.json holds the shape, that of our own extensions (`tetraship`) too.
 */

import { TetrashipError } from '../agent/errors.ts';
import {
  MAX_RULE_PROBLEMS_SHOWN,
  MAX_RULES_DOCUMENT_BYTES,
  MAX_RULES_DOCUMENT_DEPTH,
} from '../agent/limits.ts';
import { toRule } from './alert.ts';
import { jsonFault } from './json-fault.ts';
import { describeProblems, property, show } from './problems.ts';
import type { Rule, RuleSet, Target } from './ruleset.ts';
import { toTarget } from './target.ts';
import validate from './validate.js';

/**
 * @param where the file's name, for messages
 * @throws {TetrashipError} `RULES`, with all problems
 */
export function parseDocument(text: string, where: string): RuleSet {
  const problems: string[] = [];
  const document = readDocument(text, where, new Map(), problems);
  throwProblems(problems);
  return joined([document]);
}

/** One document's share of a rule set. */
export interface ReadDocument {
  /** Their targets are their own. */
  readonly rules: readonly Rule[];
  readonly defaultTargets: readonly Target[];
}

/** The rules of all documents; whose list of targets is empty gets the default ones of them all. */
export function joined(documents: readonly ReadDocument[]): RuleSet {
  const defaults = documents.flatMap(({ defaultTargets }) => defaultTargets);
  const rules = documents.flatMap((document) => document.rules);
  return {
    rules: rules.map((rule) => (rule.targets.length === 0 ? { ...rule, targets: defaults } : rule)),
  };
}

const NOTHING: ReadDocument = { rules: [], defaultTargets: [] };

/** @throws {TetrashipError} `RULES` when there are any */
export function throwProblems(problems: readonly string[]): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw new TetrashipError('RULES', `cannot use the rules: ${first}`);
  const shown = problems
    .slice(0, MAX_RULE_PROBLEMS_SHOWN)
    .map((problem) => problem.replaceAll('\n', '\n    '));
  const cut = problems.length > shown.length;
  const count = `${cut ? 'more than ' : ''}${shown.length} problems`;
  throw new TetrashipError(
    'RULES',
    `cannot use the rules: ${count}\n  ${shown.join('\n  ')}${cut ? '\n  …' : ''}`,
  );
}

export interface ReadOptions {
  /** Rules are only evaluated and nobody is told: targets are neither checked nor kept. */
  readonly withoutTargets?: boolean;
}

/**
 * One of several documents; nothing of it when it has problems, which are appended to `problems`.
 *
 * @param places where each name was seen first, in this document and the earlier ones; added to
 */
export function readDocument(
  text: string,
  where: string,
  places: Map<string, string>,
  problems: string[],
  options: ReadOptions = {},
): ReadDocument {
  const before = problems.length;
  const json = readJson(text, where, problems);
  if (problems.length > before) return NOTHING;
  const document = options.withoutTargets === true ? withoutTargets(json) : json;
  const valid = validate(document);
  const found = valid ? [] : describeProblems(validate.errors ?? [], document, MAX_RULE_PROBLEMS_SHOWN + 1);
  found.push(...repeatedNames(document, where, places));
  problems.push(...found.map((problem) => `${where}: ${problem}`));
  if (!valid) return NOTHING;
  const rules: Rule[] = [];
  for (const [index, alert] of document.alerts.entries()) {
    const rule = toRule(alert, where);
    if ('path' in rule)
      problems.push(`${where}: alerts[${index}].${rule.path}: ${rule.text} (rule ${show(alert.name)})`);
    else rules.push(rule);
  }
  const defaultTargets = (document.tetraship?.defaultTargets ?? []).map(toTarget);
  return problems.length > before ? NOTHING : { rules, defaultTargets };
}

function readJson(text: string, where: string, problems: string[]): unknown {
  if (Buffer.byteLength(text) > MAX_RULES_DOCUMENT_BYTES) {
    problems.push(`${where}: the document is longer than ${MAX_RULES_DOCUMENT_BYTES} bytes`);
    return undefined;
  }
  if (depth(text) > MAX_RULES_DOCUMENT_DEPTH) {
    problems.push(
      `${where}: the document nests more than ${MAX_RULES_DOCUMENT_DEPTH} objects and lists in one another`,
    );
    return undefined;
  }
  const json = text.replace(/^\uFEFF/, '');
  let loneSurrogate = false;
  try {
    const document: unknown = JSON.parse(json, (key, value: unknown) => {
      if (!key.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) loneSurrogate = true;
      return value;
    });
    if (loneSurrogate)
      problems.push(`${where}: a string holds half a surrogate pair (a lone \\ud800 to \\udfff)`);
    return document;
  } catch {
    problems.push(`${where}: the document is not JSON: ${jsonFault(json)}`);
    return undefined;
  }
}

function withoutTargets(document: unknown): unknown {
  const alerts = property(document, 'alerts');
  if (!Array.isArray(alerts)) return document;
  const silent = alerts.map((alert: unknown) =>
    property(alert, 'targets') === undefined ? alert : { ...Object(alert), targets: [] },
  );
  const extension: unknown = property(document, 'tetraship');
  const kept = property(extension, 'defaultTargets') === undefined ? extension : dropDefaults(extension);
  return { ...Object(document), alerts: silent, ...(kept !== undefined && { tetraship: kept }) };
}

function dropDefaults(extension: unknown): unknown {
  return { ...Object(extension), defaultTargets: [] };
}

/** The deepest nesting of a JSON text; strings are skipped, faults are left to the parser. */
export function depth(text: string): number {
  let deepest = 0;
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++open);
    else if (character === ']' || character === '}') open--;
    else if (character === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
    }
  }
  return deepest;
}

function repeatedNames(document: unknown, where: string, places: Map<string, string>): string[] {
  const alerts = property(document, 'alerts');
  if (!Array.isArray(alerts)) return [];
  const problems: string[] = [];
  for (const [index, alert] of alerts.entries()) {
    const name = property(alert, 'name');
    if (typeof name !== 'string') continue;
    const place = `alerts[${index}]`;
    const first = places.get(name);
    if (first === undefined) places.set(name, `${place} of ${where}`);
    else problems.push(`${place}.name: ${show(name)} is the name of ${first} too: every rule needs its own`);
  }
  return problems;
}
