/** The formats that schema.json names: each tells in plain words why a text is not of it. */

import { messageOf } from '../agent/errors.ts';
import { parseDuration } from './duration.ts';
import { ExpressionError, formatError, parse } from './parse.ts';
import { hasReference, referenceFault } from './references.ts';
import { regexFault } from './regex.ts';

/** `undefined`: the text is of the format. */
type Fault = (text: string) => string | undefined;

/** Shorter would only hammer a target; longer than a year is a slip. */
const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 366 * 24 * 60 * 60 * 1000;

/** Prometheus' and Alertmanager's alphabet. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Of every alert at Alertmanager: another value would break what they stand for. */
const AGENT_LABELS: ReadonlySet<string> = new Set([
  'alertname',
  'deployment_id',
  'deployment_instance',
  'deployment_mode',
  'severity',
  'status',
  'stream',
]);

/** The connection's own: set by the agent, or a way to smuggle a second request. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110's token. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** RFC 9110's field value: no control characters but the tab, nothing beyond Latin-1. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export const FORMATS: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  ['http-url', urlFault],
  ['duration', durationFault],
  ['expression', expressionFault],
  ['regex-re2', regexFault],
  ['header-name', headerNameFault],
  ['label-name', labelNameFault],
  ['annotation-name', nameFault],
  [
    'header-value',
    (text) => (HEADER_VALUE.test(text) ? referenceFault(text) : 'holds a character that no header may hold'),
  ],
  ['credential', referenceFault],
]);

/** The same as predicates by name, as the compiled validator wants them. */
export const CHECKS: Readonly<Record<string, (text: string) => boolean>> = Object.fromEntries(
  [...FORMATS].map(([name, fault]) => [name, (text: string) => fault(text) === undefined]),
);

function urlFault(text: string): string | undefined {
  if (hasReference(text)) return referenceFault(text); // the rest is known when it is called
  const url = URL.parse(text);
  if (url === null) return 'is not a URL';
  return url.protocol === 'http:' || url.protocol === 'https:' ? undefined : 'is not an http URL';
}

function durationFault(text: string): string | undefined {
  try {
    const ms = parseDuration(text);
    if (ms < MIN_INTERVAL_MS) return `is shorter than ${MIN_INTERVAL_MS}ms`;
    return ms > MAX_INTERVAL_MS ? 'is longer than a year' : undefined;
  } catch (error) {
    return `is not a duration (${messageOf(error)})`;
  }
}

function expressionFault(text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return formatError(text, error);
    throw error;
  }
}

function headerNameFault(text: string): string | undefined {
  if (RESERVED_HEADERS.has(text.toLowerCase())) return 'is a header that only the agent sets';
  return HEADER_NAME.test(text) ? undefined : 'is not the name of a header';
}

function nameFault(text: string): string | undefined {
  return NAME.test(text) ? undefined : 'is not a name of letters, digits and _';
}

function labelNameFault(text: string): string | undefined {
  if (AGENT_LABELS.has(text) || text.startsWith('rule_')) return 'is a label that only the agent sets';
  return nameFault(text);
}
