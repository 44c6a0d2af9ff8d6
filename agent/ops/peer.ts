/**
 * Who asks, as far as a request shows it. A browser on the operator's machine can be made to ask by any web page it
 * has open, also through a name that its owner points at 127.0.0.1 (DNS rebinding): so from loopback only requests
 * that name this machine count, and none that another page began.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

const FORWARDED: readonly string[] = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

export function isLoopback(request: IncomingMessage): boolean {
  return LOOPBACK.test(request.socket.remoteAddress ?? '');
}

/** Host header without its port, in lower case; `''` when there is none that makes sense. */
function hostOf({ headers }: IncomingMessage): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(headers.host ?? '');
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

/**
 * Asked on this machine and meant for it. A proxy beside the agent (a mesh's sidecar) also asks from loopback, for
 * others: it shows by what it adds, and by the name or address that they asked for.
 */
export function isLocal(request: IncomingMessage): boolean {
  const host = hostOf(request);
  const isMeant = host === 'localhost' || host.endsWith('.localhost') || LOOPBACK.test(host);
  return isLoopback(request) && isMeant && !FORWARDED.some((name) => request.headers[name] !== undefined);
}

/** Its Host is an address or `localhost`: nobody can point those elsewhere. */
export function namesThisMachine(request: IncomingMessage): boolean {
  const host = hostOf(request);
  return isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost');
}

/** Begun by a page of another origin. */
export function isCrossSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'none' && site !== 'same-origin';
  const { origin, host } = headers;
  return origin !== undefined && URL.parse(origin)?.host !== host;
}

/** `Authorization: Bearer …` is the token; in constant time, whatever its length. */
export function bearsToken({ headers }: IncomingMessage, token: string | undefined): boolean {
  const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined || given === undefined) return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
