/**
 * Pages that are open: once a second each gets the sections that have changed, as server-sent events.
 *
 * A frame is made once for all of them, and only while anybody watches. A client that does not take its bytes in
 * time misses frames, and gets whole sections once it does; one that takes none for half a minute is let go.
 * Nothing waits for a client.
 */

import type { ServerResponse } from 'node:http';
import { SECTIONS } from './sections.ts';
import type { Status } from './status.ts';

const FRAME_MS = 1000;
/** A few people and their tabs. */
export const MAX_WATCHERS = 8;
const GIVE_UP_MS = 30_000;

interface Watcher {
  readonly response: ServerResponse;
  /** It has seen the last frame; otherwise it gets every section. */
  isUpToDate: boolean;
  lastTakenMs: number;
}

export class Watchers {
  readonly #status: () => Status;
  readonly #watchers: Set<Watcher>;
  /** Section by id, as last sent. */
  readonly #shown: Map<string, string>;
  #timer: NodeJS.Timeout | undefined;

  constructor(status: () => Status) {
    this.#status = status;
    this.#watchers = new Set();
    this.#shown = new Map();
    this.#timer = undefined;
  }

  get count(): number {
    return this.#watchers.size;
  }

  /** Waiting for clients that are slow to take them: at most one frame each, and what their sockets hold. */
  get bufferedBytes(): number {
    let sum = 0;
    for (const { response } of this.#watchers) sum += response.writableLength;
    return sum;
  }

  /** Takes over the response; false when there are too many. */
  tryAdd(response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (this.#watchers.size >= MAX_WATCHERS) return false;
    const watcher: Watcher = { response, isUpToDate: false, lastTakenMs: performance.now() };
    response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.write('retry: 3000\n\n');
    this.#watchers.add(watcher);
    response.on('close', () => this.#remove(watcher));
    response.on('error', () => this.#remove(watcher));
    // Not at once: who connects again and again must not make more than one frame a second.
    this.#timer ??= setInterval(() => this.#tick(), FRAME_MS).unref();
    return true;
  }

  /** Ends all of them. */
  stop(): void {
    for (const { response } of [...this.#watchers]) response.destroy();
  }

  /** A page that cannot be made ends the watching, and nothing else. */
  #tick(): void {
    try {
      this.frame();
    } catch {
      this.stop();
    }
  }

  /** Sends what has changed since the last frame. */
  frame(): void {
    const changed: Record<string, string> = {};
    const whole: Record<string, string> = {};
    const status = this.#status();
    for (const { id, render } of SECTIONS) {
      const { text } = render(status);
      whole[id] = text;
      if (this.#shown.get(id) !== text) changed[id] = text;
      this.#shown.set(id, text);
    }
    const nowMs = performance.now();
    for (const watcher of this.#watchers) this.#send(watcher, watcher.isUpToDate ? changed : whole, nowMs);
  }

  #send(watcher: Watcher, parts: Readonly<Record<string, string>>, nowMs: number): void {
    const { response } = watcher;
    if (response.writableNeedDrain) {
      watcher.isUpToDate = false;
      if (nowMs - watcher.lastTakenMs > GIVE_UP_MS) response.destroy();
      return;
    }
    watcher.lastTakenMs = nowMs;
    watcher.isUpToDate = true;
    // JSON holds no line end, so that it is one `data` line.
    response.write(`event: parts\ndata: ${JSON.stringify(parts)}\n\n`);
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#shown.clear();
  }
}
