/** In place of chokidar: tells what the test says has happened, and nothing by itself. */

import { EventEmitter } from 'node:events';

const watchers = new Set<EventEmitter>();

export function watch(): EventEmitter & { close(): Promise<void> } {
  const watcher = new EventEmitter();
  watchers.add(watcher);
  return Object.assign(watcher, {
    close: async () => {
      watchers.delete(watcher);
    },
  });
}

/** Every watcher is told that something happened. */
export function tellWatchers(): void {
  for (const watcher of watchers) watcher.emit('raw');
}
