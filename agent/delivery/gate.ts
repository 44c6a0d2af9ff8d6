/**
 * When the next try may go, and to which of the base URLs: the state of the server as far as it shows.
 *
 *     sending ──a passing fault──► waiting ─┐
 *        ▲    ──401, 403─────────► refused ─┼─ one try at a time, a pause between
 *        └──────one body passes────────held ┘
 *
 * Owns no timer and no request. Invariant: outside `sending` at most one try is on its way that began after the
 * fault, so that a server that comes back is not met by everything at once.
 */

import { pauseMs } from './retry.ts';

export type GateState =
  | 'sending'
  /** Passing faults; retried for ever. */
  | 'waiting'
  /** 401 or 403: nothing passes until the credentials are right. */
  | 'refused'
  /** Something that does not pass by itself: wrong address, dataset full. */
  | 'held';

/** A try, as the gate let it go. */
export interface Pass {
  readonly route: number;
  /** Faults seen before it began: of several tries that fail together, one counts. */
  readonly wave: number;
}

/** How long a further URL serves before the first is tried again: on average, so that not all agents come back at once. */
const FAILBACK_MS = 60_000;

export class Gate {
  state: GateState;
  /** Of the last fault, for people; `''` while sending. */
  reason: string;
  sinceMs: number;
  /** No try before this. */
  resumeAtMs: number;
  #failures: number;
  #wave: number;
  #route: number;
  #failbackAtMs: number;
  /** A pause the server asked for: a body that passes does not cut it short. */
  #askedUntilMs: number;
  readonly #routes: number;
  readonly #retryMaxMs: number;

  constructor(routes: number, retryMaxMs: number, nowMs: number) {
    this.state = 'sending';
    this.reason = '';
    this.sinceMs = nowMs;
    this.resumeAtMs = 0;
    this.#failures = 0;
    this.#wave = 0;
    this.#route = 0;
    this.#failbackAtMs = 0;
    this.#askedUntilMs = 0;
    this.#routes = routes;
    this.#retryMaxMs = retryMaxMs;
  }

  /** Lets a try go. A try on the first URL, while another serves, is how the first is come back to. */
  enter(nowMs: number): Pass {
    if (this.#route === 0 || nowMs < this.#failbackAtMs) return { route: this.#route, wave: this.#wave };
    this.#failbackAtMs = nowMs + FAILBACK_MS;
    return { route: 0, wave: this.#wave };
  }

  /** A body was stored. Returns true when that ended a fault. */
  passed(pass: Pass, nowMs: number): boolean {
    if (pass.route === 0) this.#route = 0;
    this.#failures = 0;
    if (this.state === 'sending' || nowMs < this.#askedUntilMs) return false;
    this.#turn('sending', '', nowMs);
    this.resumeAtMs = 0;
    return true;
  }

  /**
   * A try failed. Returns true when the state changed by it.
   * @param retryAfterMs what the server asked for, NaN when nothing
   * @param random in [0, 1)
   */
  failed(
    pass: Pass,
    state: Exclude<GateState, 'sending'>,
    reason: string,
    retryAfterMs: number,
    nowMs: number,
    random: number,
  ): boolean {
    // An attempt to come back to the first URL says nothing about the one that serves.
    if (pass.wave !== this.#wave || pass.route !== this.#route) return false;
    this.#wave++;
    this.#failures++;
    if (this.#routes > 1) {
      this.#route = (this.#route + 1) % this.#routes;
      this.#failbackAtMs = nowMs + FAILBACK_MS * (0.5 + random);
    }
    const rounds = Math.floor(this.#failures / this.#routes);
    // The other URLs first, without a pause; only a full round says that nobody is there.
    const pause =
      this.#failures % this.#routes === 0 ? pauseMs(rounds, retryAfterMs, this.#retryMaxMs, random) : 0;
    this.resumeAtMs = nowMs + pause;
    // Where credentials or address were at fault, a body that passes shows that they are right by now.
    this.#askedUntilMs = state === 'waiting' && retryAfterMs >= 0 ? this.resumeAtMs : 0;
    this.reason = reason;
    if (this.state === state) return false;
    this.#turn(state, reason, nowMs);
    return true;
  }

  /** No pause now: the agent is stopping and this is the last chance. */
  hurry(): void {
    this.resumeAtMs = 0;
    this.#askedUntilMs = 0;
  }

  #turn(state: GateState, reason: string, nowMs: number): void {
    this.state = state;
    this.reason = reason;
    this.sinceMs = nowMs;
  }
}
