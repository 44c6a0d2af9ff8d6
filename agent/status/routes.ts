/**
 * What the agent's server has for people: the status page, its live events, the same as JSON, and, from loopback or
 * with the token, the last lines of the log. Loaded when somebody asks for one of them.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Expression } from '../../rules/ast.ts';
import { ExpressionError, formatError, parse } from '../../rules/parse.ts';
import { bearsToken, isCrossSite, isLocal, isLoopback, namesThisMachine } from '../ops/peer.ts';
import { printable } from '../ops/printable.ts';
import type { Answer } from '../ops/server.ts';
import { Thrifty } from '../ops/thrifty.ts';
import { TapHub, type Watcher } from '../tap/hub.ts';
import { PAGE_HEADERS, renderPage } from './page.ts';
import { type StatusParts, statusOf } from './status.ts';
import { Watchers } from './watchers.ts';

export interface RouteOptions extends StatusParts {
  /** Masked. */
  readonly logLines: () => readonly string[];
  /** Of `TETRASHIP_TAP_TOKEN`. */
  readonly token: () => string | undefined;
  /** Begins or ends to show what passes. */
  readonly watch: (watcher: Watcher | undefined) => void;
}

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';
const NOT_GET: Answer = { status: 405, body: 'only GET\n', headers: { Allow: 'GET' } };

export class Routes {
  readonly #options: RouteOptions;
  readonly #watchers: Watchers;
  readonly #tap: TapHub;
  readonly #page: Thrifty<string>;
  readonly #json: Thrifty<string>;

  constructor(options: RouteOptions) {
    this.#options = options;
    const status = () => statusOf(options);
    this.#watchers = new Watchers(status);
    this.#tap = new TapHub(options.watch);
    this.#page = new Thrifty(() => renderPage(status()));
    this.#json = new Thrifty(() => `${printable(JSON.stringify(status()))}\n`);
  }

  /** `taken`: the response is no longer the caller's. */
  async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<Answer | 'taken'> {
    if (isLoopback(request) && !namesThisMachine(request))
      return { status: 421, body: 'ask for localhost or an address: this name is not known here\n' };
    if (isCrossSite(request)) return { status: 403, body: 'not for pages of other sites\n' };
    switch (path) {
      case '/':
        return { status: 200, type: HTML, headers: PAGE_HEADERS, body: await this.#page.get() };
      case '/status.json':
        return { status: 200, type: JSON_TYPE, body: await this.#json.get() };
      case '/events':
        return this.#events(request, response);
      case '/log':
        if (!mayReadEvents(request, this.#options.token())) return FORBIDDEN;
        return { status: 200, body: this.#options.logLines().join('') };
      case '/tap':
        return this.#tapped(request, response);
      default:
        return { status: 404, body: 'not found\n' };
    }
  }

  /** A frame now, beside those of the clock; for tests. */
  frame(): void {
    this.#watchers.frame();
  }

  get bufferedBytes(): number {
    return this.#watchers.bufferedBytes;
  }

  stop(): void {
    this.#watchers.stop();
    this.#tap.stop();
  }

  async #tapped(request: IncomingMessage, response: ServerResponse): Promise<Answer | 'taken'> {
    if (!mayReadEvents(request, this.#options.token())) return FORBIDDEN;
    if (request.method !== 'GET') return NOT_GET;
    const query = new URLSearchParams(request.url?.split('?', 2)[1] ?? '');
    const text = query.get('expression') ?? '';
    let expression: Expression | undefined;
    try {
      expression = text === '' ? undefined : parse(text);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return { status: 400, body: `${formatError(text, error)}\n` };
    }
    const wants = query.get('what') === 'alerts' ? 'alerts' : 'rows';
    if (await this.#tap.tryAdd(response, wants, expression)) return 'taken';
    return { status: 503, body: 'too many taps are open already\n', headers: { 'Retry-After': '10' } };
  }

  #events(request: IncomingMessage, response: ServerResponse): Answer | 'taken' {
    if (request.method !== 'GET') return NOT_GET;
    if (this.#watchers.tryAdd(response, { 'Cache-Control': 'no-store' })) return 'taken';
    return { status: 503, body: 'too many pages watch already\n', headers: { 'Retry-After': '10' } };
  }
}

/** Events and the log are for who is on the machine, or has the token. */
export function mayReadEvents(request: IncomingMessage, token: string | undefined): boolean {
  return bearsToken(request, token) || isLocal(request);
}

export const FORBIDDEN: Answer = {
  status: 403,
  body: 'only from this machine, or with the token of TETRASHIP_TAP_TOKEN\n',
};
