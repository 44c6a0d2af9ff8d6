/** JSON for the oracle: the tree of a line that is known to be good, and its text. */

import { JsonFault } from './reference-fault.ts';

export type Json =
  /** `text` is the scalar as the line wrote it. */
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'array'; readonly items: readonly Json[] };

export interface Member {
  /** The key as the line wrote it, quotes included. */
  readonly rawKey: string;
  readonly key: string;
  readonly value: Json;
}

const TOKEN = /[ \t\r\n]*("[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^ \t\r\n{}[\],:"]+)[ \t\r\n]*/y;

/** The tree of a text in which `findFault` found nothing, nested less deeply than the stack is. */
export function parseJson(text: string): Json {
  let at = 0;
  const next = (): string => {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw new JsonFault('invalid_json', at);
    at = TOKEN.lastIndex;
    return token;
  };
  const valueFrom = (token: string): Json => {
    if (token === '{') {
      const members: Member[] = [];
      for (let rawKey = next(); rawKey !== '}'; rawKey = next()) {
        if (rawKey === ',') continue;
        next(); // the colon
        members.push({ rawKey, key: decodeString(rawKey), value: valueFrom(next()) });
      }
      return { kind: 'object', members };
    }
    if (token === '[') {
      const items: Json[] = [];
      for (let item = next(); item !== ']'; item = next()) {
        if (item !== ',') items.push(valueFrom(item));
      }
      return { kind: 'array', items };
    }
    return { kind: 'scalar', text: token };
  };
  return valueFrom(next());
}

/** The JSON text of a value without the white space outside its strings; escapes and duplicate keys stay. */
export function compactText(value: Json): string {
  if (value.kind === 'scalar') return value.text;
  if (value.kind === 'array') return `[${value.items.map(compactText).join(',')}]`;
  return `{${value.members.map(({ rawKey, value }) => `${rawKey}:${compactText(value)}`).join(',')}}`;
}

/** What a JSON string (quotes included) says. */
export function decodeString(raw: string): string {
  return String(JSON.parse(raw));
}

/** Text as a JSON string, escaped no more than JSON demands: exactly what `JSON.stringify` does. */
export function encodeString(text: string): string {
  return JSON.stringify(text);
}
