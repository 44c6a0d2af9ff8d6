/** What the status page, `top` and the bug report know of the stages beside their metrics: read when somebody asks. */

import type { LogFacts } from '../intake/log-facts.ts';

export type FileFacts = LogFacts;

export interface RuleFacts {
  readonly rule: string;
  readonly matched: number;
  readonly fired: number;
  readonly resolved: number;
  /** Epoch milliseconds; NaN before the first. */
  readonly lastMatchMs: number;
}

export interface TargetFacts {
  readonly rule: string;
  readonly target: string;
  readonly origin: string;
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  readonly suppressed: number;
  readonly queued: number;
  readonly queueBytes: number;
  readonly trouble: string;
  /** Held back by a limit per minute. */
  readonly limited: number;
}

export interface StageFacts {
  readonly reader: 'idle' | 'running' | 'blocked' | 'stopped';
  /** In the order in which they are read. */
  readonly files: readonly FileFacts[];
  /** Configured paths. */
  readonly logs: readonly string[];
  /** Why no log can be read; `''` when one can. */
  readonly unreadable: string;
  /** Why changes are noticed by looking only; `''` while the kernel tells. */
  readonly watchFault: string;
  /** Rows and bytes of the batch that is being filled. */
  readonly openRows: number;
  readonly openBytes: number;
  /** Bodies in memory that wait for the server. */
  readonly outboxBodies: number;
  /** Outbox and spool are full. */
  readonly isFull: boolean;
  readonly spoolTrouble: string;
  readonly spoolIsFull: boolean;
  readonly server: {
    readonly state: 'idle' | 'sending' | 'waiting' | 'refused' | 'held' | 'stopped';
    /** Epoch milliseconds of the last change of the state. */
    readonly sinceMs: number;
    /** In words that come from the server or the network; `''` while it sends. */
    readonly reason: string;
    readonly urls: readonly string[];
    readonly stream: string;
    readonly encoding: string;
  };
  readonly checkpointIsFailing: boolean;
  readonly rules: readonly RuleFacts[];
  readonly targets: readonly TargetFacts[];
}

/** Of an agent that has not begun. */
export const NO_FACTS: StageFacts = {
  reader: 'stopped',
  files: [],
  logs: [],
  unreadable: '',
  watchFault: '',
  openRows: 0,
  openBytes: 0,
  outboxBodies: 0,
  isFull: false,
  spoolTrouble: '',
  spoolIsFull: false,
  server: { state: 'idle', sinceMs: 0, reason: '', urls: [], stream: '', encoding: '' },
  checkpointIsFailing: false,
  rules: [],
  targets: [],
};
