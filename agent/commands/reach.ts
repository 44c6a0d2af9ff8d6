/**
 * Whether targets can be reached, over the connections that the agent itself would make: its secrets, its proxies, its
 * certificates. Each connection is made up to its last handshake and ended before the first byte of a request, so that
 * nobody is alerted.
 */

import fastq from 'fastq';
import { hasReference } from '../../rules/references.ts';
import type { Rule, Target } from '../../rules/ruleset.ts';
import { Contact } from '../alerts/targets/contact.ts';
import { type ProxyOptions, TlsDispatchers } from '../alerts/tls-dispatchers.ts';
import { messageOf, systemCode } from '../errors.ts';
import { type Dispatcher, Pool } from '../http-dispatchers.ts';

const TIMEOUT_MS = 10_000;
const AT_ONCE = 16;

/** undici's words for a tunnel that was refused. */
const PROXY_ANSWER = /^Proxy response \((\d+)\)/;

/** A place that targets share: it is tried once. */
export interface Place {
  readonly type: Target['type'];
  /** The rules that would call it, as `rule "a", target 1`; at least one. */
  readonly users: readonly string[];
  /** Without user and path, which may be secret; `undefined` where all of the endpoint may be. */
  readonly origin: string | undefined;
  /** Host and port of the proxy that was asked, if one was. */
  readonly proxy: string | undefined;
  /** Why a notification could not go there; `undefined`: it could. */
  readonly fault: Fault | undefined;
}

export interface Fault {
  /** A secret of the target cannot be had, the proxy brings nobody there, or the connection does not come about. */
  readonly kind: 'secret' | 'proxy' | 'connection';
  readonly cause: string;
  /** Of the system or of undici; `''` without one. */
  readonly code: string;
}

/** A place before it was tried. */
interface Candidate {
  readonly target: Target;
  readonly users: string[];
  /** Where the endpoint leads, or why that is not known. */
  readonly leads: URL | Error;
}

/** @param proxy what is left out comes from the environment. @param most places that are tried, the first ones */
export async function reach(
  rules: readonly Rule[],
  proxy: ProxyOptions,
  most = Number.POSITIVE_INFINITY,
): Promise<{ readonly places: readonly Place[]; readonly untried: number }> {
  const candidates = [...candidatesOf(rules)];
  const queue = fastq.promise((candidate: Candidate) => tried(candidate, proxy), AT_ONCE);
  const places = await Promise.all(candidates.slice(0, most).map((candidate) => queue.push(candidate)));
  return { places, untried: candidates.length - places.length };
}

function candidatesOf(rules: readonly Rule[]): Iterable<Candidate> {
  const found = new Map<string, Candidate>();
  for (const { name, targets } of rules) {
    for (const [index, target] of targets.entries()) {
      const leads = where(target);
      const place =
        leads instanceof Error ? leads.message : [leads.origin, hasReference(target.endpoint), target.tls];
      const key = JSON.stringify([place, target.skipTlsCheck]);
      const candidate = found.get(key) ?? { target, users: [], leads };
      found.set(key, candidate);
      candidate.users.push(`rule ${JSON.stringify(name)}, target ${index + 1}`);
    }
  }
  return found.values();
}

/** All secrets of the target are read for it, as for each notification. */
function where(target: Target): URL | Error {
  try {
    const credentials = target.type === 'alertmanager' ? target.credentials : undefined;
    return new URL(new Contact(target, '', credentials).address().origin);
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

async function tried({ target, users, leads }: Candidate, proxy: ProxyOptions): Promise<Place> {
  const { type, tls, skipTlsCheck } = target;
  const isSecret = hasReference(target.endpoint);
  if (leads instanceof Error) {
    const origin = isSecret ? undefined : URL.parse(target.endpoint)?.origin;
    return { type, users, origin, proxy: undefined, fault: faultOf('secret', leads, false) };
  }
  let asked: string | undefined;
  const clientFactory = (origin: URL, options: object) =>
    new ProxyPool(origin, options, () => {
      asked = origin.host;
    });
  const dispatchers = new TlsDispatchers({ ...proxy, clientFactory }, TIMEOUT_MS);
  let error: Error | undefined;
  try {
    error = await connectionError(dispatchers.for(tls, skipTlsCheck), leads.origin);
  } catch (failure) {
    error = failure instanceof Error ? failure : new Error(messageOf(failure));
  } finally {
    await dispatchers.destroy();
  }
  const kind = asked === undefined || isOfTls(error) ? 'connection' : 'proxy';
  const fault = error && faultOf(kind, error, isSecret);
  return { type, users, origin: isSecret ? undefined : leads.origin, proxy: asked, fault };
}

/** @param isSecret the system's words name a host that may be secret */
function faultOf(kind: Fault['kind'], error: Error, isSecret: boolean): Fault {
  const code = systemCode(error);
  const [, status] = PROXY_ANSWER.exec(error.message) ?? [];
  if (status !== undefined) return { kind, cause: `it answers ${status}`, code };
  return { kind, cause: (isSecret && code) || messageOf(error), code };
}

/** Then the proxy has done its part. */
function isOfTls(error: Error | undefined): boolean {
  return error !== undefined && /CERT|TLS|SSL|EPROTO|SIGNATURE/.test(systemCode(error));
}

/** Says when the proxy is asked for a way: which targets go by it is for the dispatcher to know. */
class ProxyPool extends Pool {
  readonly #onAsked: () => void;

  constructor(origin: URL, options: object, onAsked: () => void) {
    super(origin, options);
    this.#onAsked = onAsked;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#onAsked();
    return super.dispatch(options, handler);
  }
}

/** Resolves to `undefined` once a request could be written. */
function connectionError(dispatcher: Dispatcher, origin: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => resolve(Object.assign(new Error(`no answer in ${TIMEOUT_MS / 1000} s`), { code: 'TIMEOUT' })),
      TIMEOUT_MS,
    );
    const end = (error: Error | undefined): void => {
      clearTimeout(timer);
      resolve(error);
    };
    dispatcher.dispatch(
      { origin, path: '/', method: 'GET' },
      {
        onRequestStart(controller) {
          end(undefined);
          // From here undici writes nothing.
          controller.abort(new Error('the connection is all that was wanted'));
        },
        onResponseError: (_, error) => end(error),
      },
    );
  });
}
