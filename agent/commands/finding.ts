/** What `check` finds: one line each, with the way out. */

import { messageOf } from '../errors.ts';

export type Level = 'ok' | 'warn' | 'fail';

export interface Finding {
  readonly level: Level;
  /** What was looked at: `settings`, `log`, `state`, `server`, `rules`, `targets`, `listen`. */
  readonly subject: string;
  readonly text: string;
  /** What to do; `''` when there is nothing to do. */
  readonly wayOut: string;
}

export const ok = (subject: string, text: string): Finding => ({ level: 'ok', subject, text, wayOut: '' });
export const warn = (subject: string, text: string, wayOut: string): Finding => ({
  level: 'warn',
  ...{ subject, text, wayOut },
});
export const fail = (subject: string, text: string, wayOut: string): Finding => ({
  level: 'fail',
  ...{ subject, text, wayOut },
});

/** What stopped a look, as it says itself. */
export const failed = (subject: string, error: unknown): Finding => fail(subject, messageOf(error), '');
