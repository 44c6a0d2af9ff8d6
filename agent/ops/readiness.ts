/**
 * Whether this pod counts as ready. An outage of the server must never stop a rollout or take agents out of a
 * rolling update, so only what a change of the deployment can mend answers "not ready": refused credentials, and no
 * log folder that can be read. Everything else is ready, with reasons.
 */

export interface ReadinessFacts {
  /** What the server said about the credentials last; `untried` until the first attempt ended, however it ended. */
  readonly credentials: 'untried' | 'unreachable' | 'accepted' | 'refused';
  /** At least one folder that holds or will hold a log can be read. A log that does not exist yet is no fault. */
  readonly logFolderReadable: boolean;
  /** What goes badly without being a reason to stop, in words: `server unreachable since …`, `disk full`. */
  readonly degraded: readonly string[];
}

export interface ReadinessReport {
  readonly ready: boolean;
  readonly degraded: readonly string[];
  /** Why it is not ready. */
  readonly reasons: readonly string[];
}

/** Remembers that the start is over: from then on a state that is merely unknown does not count as not ready. */
export class Readiness {
  #facts: () => ReadinessFacts;
  #latched = false;

  constructor(facts: () => ReadinessFacts) {
    this.#facts = facts;
  }

  report(): ReadinessReport {
    const { credentials, logFolderReadable, degraded } = this.#facts();
    const reasons: string[] = [];
    if (credentials === 'refused') reasons.push('the server refuses the credentials');
    if (!logFolderReadable) reasons.push('no log folder can be read');
    if (credentials === 'untried' && !this.#latched)
      reasons.push('starting: the server has not been asked yet');
    const ready = reasons.length === 0;
    this.#latched ||= ready;
    const unreachable = credentials === 'unreachable' ? ['the server cannot be reached'] : [];
    return { ready, reasons, degraded: [...unreachable, ...degraded] };
  }
}
