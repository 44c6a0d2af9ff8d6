/** What a receiver can be told to do instead of answering well. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Reply } from './reply.ts';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The dataset of an ingest request, else `''`. */
  readonly stream: string;
  /** Ingest requests are numbered from 0 in order of arrival; -1 for any other request. */
  readonly index: number;
}

export type Fault =
  /** Reset at the headers: the body is never read. For a refused connection use `stop()`. */
  | 'refuse'
  /** The body is read and forgotten; no answer ever comes. */
  | 'hang'
  /** The body is stored; no answer ever comes. */
  | 'hang-after'
  /** The body is read, then the connection is reset: nothing stored. */
  | 'reset-before'
  /** The body is stored, then the connection is reset before the answer. */
  | 'reset-after'
  /** Answered after the body was read; `store` keeps the rows all the same. */
  | {
      readonly status: number;
      readonly body?: string;
      readonly headers?: Record<string, string>;
      readonly store?: boolean;
    }
  /** The body is read no faster than this, then handled well. */
  | { readonly bytesPerSecond: number }
  /** Handled well, but only once this has settled. */
  | { readonly until: Promise<unknown> };

export type FaultPlan = (request: ReceivedRequest) => Fault | undefined;

/** The n-th ingest request gets the n-th fault; afterwards, and for other requests, all is well. */
export function schedule(faults: readonly (Fault | undefined)[]): FaultPlan {
  return (request) => (request.index < 0 ? undefined : faults[request.index]);
}

/** What a fault makes of a request whose body was read; `undefined` when it goes on well. `keep` stores it. */
export async function afflict(
  fault: Fault | undefined,
  keep: () => void = () => undefined,
): Promise<Reply | undefined> {
  if (fault === undefined) return undefined;
  if (typeof fault === 'string') {
    if (fault.endsWith('-after')) keep();
    return fault.startsWith('hang') ? 'silence' : 'reset';
  }
  if ('until' in fault) await fault.until;
  if (!('status' in fault)) return undefined;
  if (fault.store === true) keep();
  return fault;
}
