/**
 * The queue of one target of one rule: in order, one request at a time, again and again until it is through.
 *
 * Each target has its own, so that a dead one delays nobody else. Bounded in count and bytes, and in bytes
 * together with all others; what does not fit is dropped, counted and told. A notification is given up when it
 * is refused, when the target breaks on it again and again, or when it has become too old to be of use.
 *
 *     idle ─add─► sending ─fails─► waiting ─pause over─► sending       `broken` after a few failures in a row:
 *      ▲            │ queue empty                                      the pauses grow, one try at a time
 *      └────────────┘              stopped: what is queued is kept for whoever asks
 *
 * Invariant: added = sent + failed + dropped + handed over + queued.
 */

import { MAX_TARGET_QUEUE_BYTES, MAX_TARGET_QUEUE_COUNT } from '../limits.ts';
import type { Logger } from '../log.ts';
import { BACKOFF_FIRST_MS, BACKOFF_LAST_MS, backoffMs } from './backoff.ts';
import { Complaints } from './complaints.ts';
import type { Notification } from './notification.ts';
import type { Outcome } from './outcome.ts';

/** An alert older than this is history; it is in Parseable. Long enough for a night in which nobody mends the target. */
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

const QUEUE_FULL =
  'the queue of an alert target is full: notifications are dropped; see why the target is slow or away, or let the rules speak less (repeat, groupBy, maxPerMinute)';

/** Failures in a row after which the target counts as broken. */
const BROKEN_AFTER = 3;

/** Tries of a notification on which the target itself breaks (500): about two minutes. */
const MAX_SUSPECT_TRIES = 10;

/** What a queued notification costs beside its message, about. */
const OVERHEAD_BYTES = 128;

/** What all queues may hold together. */
export interface QueueBudget {
  readonly limitBytes: number;
  usedBytes: number;
}

export interface NotifierOptions {
  /** One try; never throws. */
  readonly send: (notification: Notification, signal: AbortSignal) => Promise<Outcome>;
  readonly budget: QueueBudget;
  readonly log: Logger;
  /** Names the target in the log. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A notification has left the queue. */
  readonly onChange: () => void;
}

/** A notification as it waits. */
export interface Queued {
  readonly notification: Notification;
  /** Of the caller's clock. */
  readonly addedMs: number;
}

interface Entry extends Queued {
  readonly bytes: number;
  tries: number;
}

type State = 'idle' | 'sending' | 'waiting' | 'stopped';

export class Notifier {
  sent = 0;
  failed = 0;
  dropped = 0;
  retries = 0;
  queueBytes = 0;
  /** What the last try failed with; `''` since one that passed. */
  trouble = '';
  readonly #options: NotifierOptions;
  readonly #complaints: Complaints;
  /** Who takes what cannot be sent any more here. */
  #successor: Notifier | undefined;
  /** In a row, whatever the notification. */
  #failures: number;
  readonly #abort: AbortController;
  readonly #queue: Entry[];
  #state: State;
  #longestPauseMs: number;
  /** Ends the pause before the next try; set while `waiting`. */
  #wake: () => void;
  #finished: Promise<void>;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#complaints = new Complaints(options.log, options.fields, options.now);
    this.#successor = undefined;
    this.#failures = 0;
    this.#abort = new AbortController();
    this.#queue = [];
    this.#state = 'idle';
    this.#longestPauseMs = BACKOFF_LAST_MS;
    this.#wake = () => undefined;
    this.#finished = Promise.resolve();
  }

  get queueCount(): number {
    return this.#queue.length;
  }

  /** The target fails again and again; its next try decides. */
  get broken(): boolean {
    return this.#failures >= BROKEN_AFTER;
  }

  /** When all that is queued now is dealt with. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** What waits, the one under way included. */
  get queue(): readonly Queued[] {
    return this.#queue;
  }

  /** Queues for sending; counts it as dropped when there is no room or the notifier has stopped. */
  add(notification: Notification, addedMs = this.#options.now()): void {
    if (this.#successor !== undefined) {
      this.#successor.add(notification, addedMs);
      return;
    }
    const bytes = sizeOf(notification);
    if (this.#state === 'stopped' || !this.#hasRoom(bytes)) {
      this.dropped++;
      this.#complaints.say('error', QUEUE_FULL, {
        queued: this.#queue.length,
        queueBytes: this.queueBytes,
        dropped: this.dropped,
      });
      return;
    }
    this.#queue.push({ notification, bytes, addedMs, tries: 0 });
    this.#account(bytes);
    if (this.#state === 'idle') this.#finished = this.#run();
  }

  /** Tries at once what waits for its next try, and then often. @returns when the queue is empty, or after `stop` */
  async drain(): Promise<void> {
    this.#longestPauseMs = BACKOFF_FIRST_MS;
    this.#wake();
    await this.#finished;
  }

  /** What is queued goes to another notifier: at once, but for the request under way, which goes if it fails. */
  handOver(successor: Notifier): void {
    this.#successor = successor;
    const underWay = this.#state === 'sending' ? 1 : 0;
    const rest = this.#queue.splice(underWay);
    for (const { notification, addedMs, bytes } of rest) {
      this.#account(-bytes);
      successor.add(notification, addedMs);
    }
    this.#wake();
  }

  /** Ends the request under way; what is still queued stays in `queue`. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    await this.#finished;
    this.#state = 'stopped';
  }

  #hasRoom(bytes: number): boolean {
    const { usedBytes, limitBytes } = this.#options.budget;
    return (
      this.#queue.length < MAX_TARGET_QUEUE_COUNT &&
      this.queueBytes + bytes <= MAX_TARGET_QUEUE_BYTES &&
      usedBytes + bytes <= limitBytes
    );
  }

  #account(bytes: number): void {
    this.queueBytes += bytes;
    this.#options.budget.usedBytes += bytes;
  }

  async #run(): Promise<void> {
    for (let entry = this.#queue[0]; entry !== undefined; entry = this.#queue[0]) {
      this.#state = 'sending';
      const outcome = await this.#options.send(entry.notification, this.#abort.signal);
      if (this.#abort.signal.aborted && outcome.kind !== 'sent') break;
      entry.tries++;
      this.trouble = outcome.kind === 'sent' ? '' : outcome.cause;
      this.#failures = outcome.kind === 'sent' ? 0 : this.#failures + 1;
      if (outcome.kind === 'retry' && !this.#givesUp(entry, outcome)) {
        this.retries++;
        if (this.#successor !== undefined) break;
        this.#complaints.say(
          'warn',
          'an alert target cannot be reached: notifications wait, for a day at most, and are tried again; tetraship check tries the target too',
          this.#facts(entry, outcome),
        );
        const backoff = backoffMs(this.#failures, this.#longestPauseMs, this.#options.random());
        await this.#pause(Math.max(backoff, outcome.afterMs ?? 0));
        if (this.#abort.signal.aborted || this.#successor !== undefined) break;
        continue;
      }
      this.#queue.shift();
      this.#account(-entry.bytes);
      this.#options.onChange();
      if (outcome.kind === 'sent') {
        this.sent++;
      } else {
        this.failed++;
        this.#complaints.say(
          'error',
          'cannot notify an alert target: the notification is lost; correct the target in the rules, or what answers there',
          this.#facts(entry, outcome),
        );
      }
    }
    this.#state = 'idle';
    if (this.#successor !== undefined) this.handOver(this.#successor);
  }

  #givesUp(entry: Entry, outcome: Outcome & { readonly kind: 'retry' }): boolean {
    if (outcome.suspect === true && entry.tries >= MAX_SUSPECT_TRIES) return true;
    return this.#options.now() - entry.addedMs >= MAX_AGE_MS;
  }

  #facts(entry: Entry, outcome: Exclude<Outcome, { readonly kind: 'sent' }>): Record<string, unknown> {
    return { cause: outcome.cause, tries: entry.tries, queued: this.#queue.length };
  }

  async #pause(ms: number): Promise<void> {
    this.#state = 'waiting';
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = () => undefined;
  }
}

function sizeOf({ message, group = '', event = '' }: Notification): number {
  return Buffer.byteLength(message) + Buffer.byteLength(group) + Buffer.byteLength(event) + OVERHEAD_BYTES;
}
