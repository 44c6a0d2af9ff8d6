/**
 * Cases of a rules file: events in, alerts out. `X.test.json` beside `X.json` holds them, in the shape of
 * cases-schema.json.
 */

import { Ajv } from 'ajv';
import { MAX_RULES_DOCUMENT_DEPTH } from '../agent/limits.ts';
import schema from './cases-schema.json' with { type: 'json' };
import { depth } from './document.ts';
import { jsonFault } from './json-fault.ts';
import { describeProblems } from './problems.ts';

const MAX_PROBLEMS = 20;

export interface ExpectedAlert {
  readonly rule: string;
  readonly status?: 'firing' | 'resolved';
  /** Not looked at unless given. */
  readonly message?: string;
}

export interface Case {
  readonly name: string;
  /** Lines as Tetragon would write them. */
  readonly lines: readonly string[];
  readonly alerts: readonly ExpectedAlert[];
}

type Json = string | number | boolean | null | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

interface CasesJson {
  readonly defaults?: JsonObject;
  readonly cases: readonly {
    readonly name: string;
    readonly events: readonly JsonObject[];
    readonly alerts: readonly ExpectedAlert[];
  }[];
}

/** The cases of a text, or what is wrong with it. */
export function readCases(text: string): { cases: readonly Case[]; problems: readonly string[] } {
  const document = parseJson(text);
  if (typeof document === 'string') return { cases: [], problems: [document] };
  const validate = new Ajv({ allErrors: true, verbose: true }).compile<CasesJson>(schema);
  const { json } = document;
  if (!validate(json)) {
    return { cases: [], problems: describeProblems(validate.errors ?? [], json, MAX_PROBLEMS) };
  }
  const { process, parent, ...rest } = json.defaults ?? {};
  const below = { ...(process !== undefined && { process }), ...(parent !== undefined && { parent }) };
  return {
    cases: json.cases.map(({ name, events, alerts }) => ({
      name,
      lines: events.map((event) => JSON.stringify(complete(event, below, rest))),
      alerts,
    })),
    problems: [],
  };
}

function parseJson(text: string): { json: unknown } | string {
  if (depth(text) > MAX_RULES_DOCUMENT_DEPTH)
    return `the file nests more than ${MAX_RULES_DOCUMENT_DEPTH} objects and lists in one another`;
  try {
    return { json: JSON.parse(text.replace(/^\uFEFF/, '')) };
  } catch {
    return `the file is not JSON: ${jsonFault(text)}`;
  }
}

/** The event with what it does not say itself. */
function complete(event: JsonObject, below: JsonObject, rest: JsonObject): Json {
  const kinds = Object.entries(event).map(([key, value]): [string, Json] => [
    key,
    key.startsWith('process_') && isObject(value) ? merged(below, value) : value,
  ]);
  return merged(rest, Object.fromEntries(kinds));
}

/** As RFC 7396 merges: objects key by key, `null` takes a key away, anything else replaces. */
function merged(base: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result = new Map(isObject(base) ? Object.entries(base) : []);
  for (const [key, value] of Object.entries(patch)) {
    // A key's place is where the event has it: Tetragon ends a line with its node and time.
    const before = result.get(key) ?? null;
    result.delete(key);
    if (value !== null) result.set(key, merged(before, value));
  }
  return Object.fromEntries(result);
}

function isObject(json: Json): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
