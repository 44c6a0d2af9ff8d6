/** The server's rules about request headers. */

import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SUITE_SECRET } from '../suite-secret.ts';
import { type Reply, refusal } from './reply.ts';

export interface Credentials {
  /** Basic credentials; by default admin, and admin or the password of the agents of the tests. */
  readonly username?: string;
  readonly password?: string;
  /** With a key set, `X-API-Key` is accepted beside basic credentials. */
  readonly apiKey?: string;
  /** 403 (2.x) or 401 (other versions). */
  readonly unauthorizedStatus?: number;
}

/** The server counts two columns of its own (user agent, source address) among the ten it allows. */
const MAX_CUSTOM_COLUMNS = 10;
const OWN_CUSTOM_COLUMNS = 2;
/** Characters of a tag's value that are kept. */
const MAX_TAG_CHARACTERS = 100;

const TAG_PREFIX = 'x-p-';
const NOT_TAGS: readonly string[] = ['x-p-stream', 'x-p-log-source'];

export function isAuthorized(headers: IncomingHttpHeaders, credentials: Credentials): boolean {
  const key = headers['x-api-key'];
  if (key !== undefined) {
    return credentials.apiKey !== undefined && typeof key === 'string' && same(key, credentials.apiKey);
  }
  const passwords = credentials.password === undefined ? ['admin', SUITE_SECRET] : [credentials.password];
  return passwords.some((password) => {
    const pair = `${credentials.username ?? 'admin'}:${password}`;
    return same(headers.authorization ?? '', `Basic ${Buffer.from(pair).toString('base64')}`);
  });
}

function same(got: string, want: string): boolean {
  const left = Buffer.from(got);
  const right = Buffer.from(want);
  return left.length === right.length && timingSafeEqual(left, right);
}

export function forbidden(credentials: Credentials): Reply {
  return refusal(credentials.unauthorizedStatus ?? 403, 'Forbidden');
}

/** The server's words when it refuses an ingest request by its headers, else `undefined`. */
export function checkIngestHeaders(headers: IncomingHttpHeaders, stream: string): string | undefined {
  if (stream === '') return 'Missing header X-P-Stream';
  if (/\s/.test(stream)) return 'Stream name cannot contain white space';
  const source = headers['x-p-log-source'];
  if (source !== undefined && source !== 'json') return `Unknown log source ${String(source)}`;
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : 'Content type error';
}

/** The columns that `X-P-<name>` headers add to each event, and how many headers came too late. */
export function tagsOf(headers: IncomingHttpHeaders): {
  readonly tags: Readonly<Record<string, string>>;
  readonly ignored: number;
} {
  const tags: Record<string, string> = {};
  let taken = OWN_CUSTOM_COLUMNS;
  let ignored = 0;
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(TAG_PREFIX) || NOT_TAGS.includes(header) || typeof value !== 'string') continue;
    if (taken >= MAX_CUSTOM_COLUMNS) {
      ignored++;
      continue;
    }
    taken++;
    tags[header.slice(TAG_PREFIX.length)] = value.slice(0, MAX_TAG_CHARACTERS);
  }
  return { tags, ignored };
}
