/**
 * Sums up what is said again and again: the first time is a line of its own, what follows within a minute becomes
 * one line with the number of times. Only what is the same but for numbers counts as a repeat, so that every loss
 * still names its own file and range.
 */

export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Say = (level: Level, message: string, fields: Record<string, unknown> | undefined) => void;

const WINDOW_MS = 60_000;
/** Different messages watched at once; beyond them the oldest is summed up early. */
const MAX_WATCHED = 256;

interface Watched {
  readonly level: Level;
  readonly message: string;
  /** Of the last time. */
  fields: Record<string, unknown> | undefined;
  /** Times since the last line. */
  unsaid: number;
  sinceMs: number;
}

export class Repeats {
  readonly #say: Say;
  readonly #now: () => number;
  /** In the order of their windows' ends. */
  readonly #watched: Map<string, Watched>;
  #timer: NodeJS.Timeout | undefined;

  /** @param now monotonic milliseconds */
  constructor(say: Say, now: () => number = () => performance.now()) {
    this.#say = say;
    this.#now = now;
    this.#watched = new Map();
    this.#timer = undefined;
  }

  hear(level: Level, message: string, fields: Record<string, unknown> | undefined): void {
    this.sumUp();
    const key = keyOf(level, message, fields);
    const known = this.#watched.get(key);
    if (known !== undefined) {
      known.unsaid++;
      known.fields = fields;
      return;
    }
    this.#say(level, message, fields);
    this.#watched.set(key, { level, message, fields, unsaid: 0, sinceMs: this.#now() });
    const [oldest] = this.#watched.keys();
    if (this.#watched.size > MAX_WATCHED && oldest !== undefined) this.#end(oldest);
    this.#arm();
  }

  /** Says the sums whose minute is over. */
  sumUp(): void {
    const nowMs = this.#now();
    for (const [key, { sinceMs }] of this.#watched) {
      if (nowMs - sinceMs < WINDOW_MS) break;
      this.#end(key);
    }
  }

  /** Says all sums: the process ends. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const key of [...this.#watched.keys()]) this.#end(key);
    this.#watched.clear();
  }

  /** A message that goes on gets another minute, so that it is one line a minute for as long as it lasts. */
  #end(key: string): void {
    const watched = this.#watched.get(key);
    this.#watched.delete(key);
    if (watched === undefined || watched.unsaid === 0) return;
    const { level, message, fields, unsaid, sinceMs } = watched;
    const seconds = Math.max(1, Math.round((this.#now() - sinceMs) / 1000));
    this.#say(level, `${message} (again, ${unsaid} times in ${seconds} s)`, fields);
    watched.unsaid = 0;
    watched.sinceMs = this.#now();
    if (this.#watched.size < MAX_WATCHED) this.#watched.set(key, watched);
  }

  /** One timer, which does not keep the process alive. */
  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.sumUp();
      if (this.#watched.size > 0) this.#arm();
    }, WINDOW_MS).unref();
  }
}

/** Numbers are measurements: they differ from one time to the next of the same thing. */
function keyOf(level: Level, message: string, fields: Record<string, unknown> | undefined): string {
  if (fields === undefined) return `${level} ${message}`;
  const named = Object.entries(fields).filter(([, value]) => typeof value !== 'number');
  return `${level} ${message} ${named.map(([name, value]) => `${name}=${textOf(value)}`).join(' ')}`;
}

function textOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return 'no JSON';
  }
}
