/** Kinds of values that name a place on the network. */

import { type Kind, Unacceptable } from './values.ts';

/** @throws {Unacceptable} */
function parseHttp(value: string): URL {
  const parsed = URL.parse(value);
  if (parsed === null) throw new Unacceptable('not a URL');
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    throw new Unacceptable('not http or https');
  return parsed;
}

/**
 * A base URL, returned without its final slashes. User and password in it are refused: they would show in logs
 * and metrics.
 */
export function url(example: string): Kind<string> {
  return {
    accepts: 'an http or https URL without user, query and fragment',
    example,
    parse(value) {
      const parsed = parseHttp(value);
      if (parsed.username !== '' || parsed.password !== '') {
        throw new Unacceptable('holds a user or password, which have settings of their own');
      }
      if (parsed.search !== '' || parsed.hash !== '') throw new Unacceptable('holds a query or a fragment');
      return parsed.href.replace(/\/+$/, '');
    },
  };
}

/** A proxy may hold user and password: that is how everyone writes it. */
export function proxyUrl(example: string): Kind<string> {
  return { accepts: 'an http or https URL', example, parse: (value) => parseHttp(value).href };
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

const MAX_PORT = 65_535;

/** `host:port`, `[IPv6]:port`, or `:port` for every interface. */
export function address(example: string): Kind<Address> {
  return {
    accepts: '`host:port` or `[IPv6]:port`; port 0 takes a free one',
    example,
    parse(value) {
      const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]*)):(\d{1,5})$/i.exec(value);
      if (match === null) throw new Unacceptable('not host:port');
      const [, ipv6, name, port] = match;
      if (Number(port) > MAX_PORT) throw new Unacceptable('the port is too large');
      return { host: ipv6 ?? (name || '0.0.0.0'), port: Number(port) };
    },
  };
}
