/**
 * The kernel's notifications for a few folders, through chokidar: says that something happened, never what.
 *
 * Only the folders themselves are watched: inotify reports the files in them too, one watch each would double the
 * events. chokidar's own `change` drops what follows within 50 ms, so its `raw` is what counts here.
 * A watch that fails costs nothing but time: whoever uses this looks on a timer too.
 */

import fs from 'node:fs';
import { type FSWatcher, watch } from 'chokidar';
import { messageOf } from '../errors.ts';
import { factsOfPath } from './file-facts.ts';
import type { OnceLog } from './once-log.ts';

const TOPIC = 'notifications';

export class Notifier {
  readonly #onEvent: () => void;
  readonly #once: OnceLog;
  #watcher: FSWatcher | undefined;
  /** What is watched, with inodes: a folder made anew under the same name needs a new watch. */
  #watched: string;
  #fault: string | undefined;

  constructor(onEvent: () => void, once: OnceLog) {
    this.#onEvent = onEvent;
    this.#once = once;
    this.#watcher = undefined;
    this.#watched = '';
    this.#fault = undefined;
  }

  /** Why notifications cannot be relied on, if so. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Watches these folders, as far as they exist, and no others. Cheap when nothing has changed. */
  watch(folders: Iterable<string>): void {
    const present: string[] = [];
    let wanted = '';
    for (const folder of folders) {
      const inode = inodeOf(folder);
      if (inode === undefined) continue;
      present.push(folder);
      wanted += `${folder}\0${inode}\0`;
    }
    if (wanted === this.#watched) return;
    this.off();
    this.#watched = wanted;
    const real = new Set(present.flatMap((folder) => realPath(folder) ?? []));
    if (real.size > 0) this.#start(real);
  }

  #start(folders: ReadonlySet<string>): void {
    const watcher = watch([...folders], {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (path) => !folders.has(path),
    });
    this.#watcher = watcher;
    const isCurrent = () => this.#watcher === watcher;
    // Between the last look and a watch that works, things may have happened.
    watcher.on('ready', () => {
      if (!isCurrent()) return;
      if (this.#fault === undefined) this.#once.over(TOPIC);
      this.#onEvent();
    });
    watcher.on('all', () => {
      if (isCurrent()) this.#onEvent();
    });
    watcher.on('raw', () => {
      if (isCurrent()) this.#onEvent();
    });
    watcher.on('error', (error) => {
      if (!isCurrent()) return;
      this.#fault = `cannot watch the log folders: ${messageOf(error)}`;
      this.#once.say(
        'warn',
        TOPIC,
        `${this.#fault}; they are looked at every second instead (raise fs.inotify.max_user_watches and max_user_instances to be told sooner)`,
      );
    });
  }

  /** Until the next `watch`. Returns when nothing is held any more. */
  async off(): Promise<void> {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    this.#watched = '';
    this.#fault = undefined;
    await watcher?.close();
  }
}

/** Of a folder that cannot be read, `undefined`: whoever lists it says so. */
function inodeOf(folder: string): number | undefined {
  try {
    return factsOfPath(folder)?.inode;
  } catch {
    return undefined;
  }
}

function realPath(folder: string): string | undefined {
  try {
    return fs.realpathSync(folder);
  } catch {
    // Gone since: the next call sees it.
    return undefined;
  }
}
