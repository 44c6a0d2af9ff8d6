/** What the validator found, in words: where, what stands there, what was expected. */

import type { ErrorObject } from 'ajv';
import { nearest } from '../agent/nearest.ts';
import { FORMATS } from './formats.ts';
import schema from './schema.json' with { type: 'json' };

/** Enough to recognise a value by. */
const SHOWN_CHARS = 80;

/** A misspelt key differs from the right one in at most a third of its letters. */
const NEAR_SHARE = 3;

/** Never shown: they are secrets. */
const SECRET = /\/(?:targets|defaultTargets)\/\d+\/(?:tetraship\/)?(?:password|username|headers\/)/;

/**
 * Plain sentences, one for each place (`alerts[0].targets[0].endpoint: "x" is not a URL: …`), with the rule's
 * name and the target's number where there are any; at most `limit`. Needs errors of an Ajv with `verbose`.
 */
export function describeProblems(errors: readonly ErrorObject[], document: unknown, limit: number): string[] {
  const problems = new Map<string, string>();
  for (const error of errors) {
    if (problems.size >= limit) break;
    if (error.keyword === 'if') continue; // says only that what follows was asked
    const { path, text, detail } = describe(error);
    if (problems.has(path)) continue;
    const place = path === '' ? 'the document' : path;
    problems.set(path, `${place}: ${text}${context(error.instancePath, document)}${detail}`);
  }
  return [...problems.values()];
}

/** `/alerts/0/targets/1/endpoint` as people write it: `alerts[0].targets[1].endpoint`. */
function readablePath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(appendKey, '');
}

function appendKey(path: string, key: string): string {
  if (/^\d+$/.test(key)) return `${path}[${key}]`;
  if (/^[\w$]+$/.test(key) && key.length <= SHOWN_CHARS) return path === '' ? key : `${path}.${key}`;
  return `${path}[${show(key)}]`;
}

interface Description {
  readonly path: string;
  readonly text: string;
  /** Further lines, if any. */
  readonly detail: string;
}

function describe(error: ErrorObject): Description {
  const path = readablePath(error.instancePath);
  const because = description(error.parentSchema);
  const value = SECRET.test(error.instancePath) ? 'this value' : show(error.data);
  const say = (text: string, detail = ''): Description => ({ path, text, detail });

  switch (error.keyword) {
    case 'required': {
      const missing = String(property(error.params, 'missingProperty'));
      const wanted = property(property(error.parentSchema, 'properties'), missing);
      return { path: appendKey(path, missing), text: `is missing${description(wanted)}`, detail: '' };
    }
    case 'dependencies':
      return say(
        `"${property(error.params, 'property')}" needs "${property(error.params, 'missingProperty')}" beside it`,
      );
    case 'additionalProperties': {
      const key = String(property(error.params, 'additionalProperty'));
      const known = Object.keys(Object(property(error.parentSchema, 'properties')));
      const near = nearest(key.slice(0, SHOWN_CHARS), known, Math.max(2, key.length / NEAR_SHARE));
      const hint = near === undefined ? '' : `did you mean ${near}? `;
      const text = `is an unknown key: ${hint}known here are ${known.join(', ')}`;
      return { path: appendKey(path, key), text, detail: '' };
    }
    case 'type':
      return say(`${value} is not ${article(property(error.params, 'type'))}${because}`);
    case 'const':
      return say(`${value} is not known${because}`);
    case 'enum': {
      const allowed = property(error.params, 'allowedValues');
      const known = Array.isArray(allowed) ? allowed.join(', ') : '';
      return say(`${value} is not ${description(error.parentSchema).slice(2)}: known are ${known}`);
    }
    case 'format':
      return describeFormat(error, value, because, say);
    case 'minLength':
      return say(`is empty${because}`);
    case 'pattern':
      return say(`${value} ${patternText(error)}${because}`);
    case 'uniqueItems':
      return say('names something twice');
    case 'minProperties':
    case 'maxProperties':
    case 'minItems':
    case 'maxItems':
    case 'maxLength':
    case 'minimum':
    case 'maximum':
      return say(`${limitText(error, value)}${because}`);
    default:
      return say(`${error.message ?? error.keyword}${because}`);
  }
}

function describeFormat(
  error: ErrorObject,
  value: string,
  because: string,
  say: (text: string, detail?: string) => Description,
): Description {
  const format = String(property(error.params, 'format'));
  const fault = FORMATS.get(format)?.(String(error.data)) ?? 'is malformed';
  if (format === 'expression') return say('is not an expression', `: ${fault}`);
  if (format === 'regex-re2') return say(fault);
  return say(`${format.endsWith('-name') ? show(error.data) : value} ${fault}${because}`);
}

/** Two patterns are in the schema: a line of text, and an absolute path. */
function patternText(error: ErrorObject): string {
  const pattern = String(property(error.params, 'pattern'));
  const isPath = pattern.startsWith('^/') && !String(error.data).startsWith('/');
  return isPath ? 'does not begin with /' : 'holds a control character';
}

function limitText(error: ErrorObject, value: string): string {
  const limit = property(error.params, 'limit');
  switch (error.keyword) {
    case 'maxLength':
      return `is longer than ${limit} characters`;
    case 'minItems':
    case 'minProperties':
      return 'is empty';
    case 'maxItems':
    case 'maxProperties':
      return limit === 1 ? 'has more than one key' : `has more than ${limit} members`;
    case 'minimum':
      return `${value} is less than ${limit}`;
    default:
      return `${value} is more than ${limit}`;
  }
}

/** ` (rule "wget_command", target 1)`, as far as the path leads there. */
function context(pointer: string, document: unknown): string {
  const [, alert, target] = /^\/alerts\/(\d+)(?:\/targets\/(\d+))?/.exec(pointer) ?? [];
  if (alert === undefined) return '';
  const name = property(property(property(document, 'alerts'), alert), 'name');
  const parts = typeof name === 'string' ? [`rule ${show(name)}`] : [];
  if (target !== undefined) parts.push(`target ${Number(target) + 1}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

const ARTICLES: ReadonlyMap<string, string> = new Map([
  ['array', 'a list'],
  ['object', 'an object'],
  ['integer', 'a whole number'],
  ['boolean', 'true or false'],
]);

function article(types: unknown): string {
  const names = (Array.isArray(types) ? types : [types]).filter((type) => type !== 'null');
  return names.map((name) => ARTICLES.get(String(name)) ?? `a ${name}`).join(' or ');
}

/** JSON text, cut short, without control characters and without the `user:password@` of a URL. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? value.replace(/\/\/[^@/]*@/, '//…@') : value;
  const short =
    typeof text === 'string' && text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
  return (JSON.stringify(short) ?? String(short)).replace(/\p{C}/gu, '?');
}

/** A member of anything; `undefined` when there is none. */
export function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}

/** What a place of the schema says of itself, by way of its `$ref` if it has one. */
function description(subschema: unknown): string {
  const definition = /^#\/definitions\/(\w+)$/.exec(String(property(subschema, '$ref')))?.[1] ?? '';
  const own =
    property(subschema, 'description') ?? property(property(schema.definitions, definition), 'description');
  return typeof own === 'string' ? `: ${own}` : '';
}
