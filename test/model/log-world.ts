/**
 * The log as its writer and its neighbours treat it, on real files, with a note of what must come of each event.
 *
 * Knows of the agent only whether it lives and when it last looked: what is deleted or cut may be missed only where
 * no descriptor can save it, and where the agent had seen it, the loss must be counted.
 */

import fs from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

interface Entry {
  readonly key: number;
  endBytes: number;
}

export interface ModelFile {
  readonly entries: Entry[];
  text: string;
  /** Its stem in the folder, or that of the active file; undefined once no name leads to it. */
  name: string | undefined;
  isPlain: boolean;
  isCompressed: boolean;
  /** The run of the agent that looked while it was there. */
  seenInRun: number;
  /** What the agent has seen of it and remembers. */
  seenBytes: number;
}

const ACTIVE = 'tetragon.log';
const FIRST_MS = Date.UTC(2026, 0, 2, 15, 4, 5);

export class LogWorld {
  readonly path: string;
  readonly files: ModelFile[] = [];
  /** Keys that nothing could save. */
  readonly mayMiss = new Set<number>();
  nextKey = 0;
  /** Of the run that lives; 0: none does. */
  run = 0;
  /** Bytes of files that were deleted or cut. */
  vanishedBytes = 0;
  /** After a cut, or for a copy without a line, the agent cannot know a copy from a new file: sent twice. */
  mayRepeat = false;
  readonly #folder: string;
  #clockMs = FIRST_MS;
  /** What completes the piece at the end of the active file. */
  #rest = '';

  constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, ACTIVE);
  }

  get active(): ModelFile | undefined {
    return this.files.find(({ name }) => name === ACTIVE);
  }

  /** Plain or compressed, the oldest first. */
  get backups(): ModelFile[] {
    const backups = this.files.filter(({ name }) => name !== undefined && name !== ACTIVE);
    return backups.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
  }

  write(lines: number): void {
    for (let line = 0; line < lines; line++) this.#append(`${this.#rest}${this.#event()}`);
  }

  /** The first part of an event; a writer that crashed here goes on with a new one. */
  piece(): void {
    const event = this.#event();
    this.#append(event.slice(0, -8));
    this.#rest = event.slice(-8);
  }

  complete(): void {
    if (this.#rest !== '' && this.active !== undefined) this.#append(this.#rest);
    this.#rest = '';
  }

  #event(): string {
    const key = this.nextKey++;
    return `{"cluster_name":"seq-${key}","process_exit":{"process":{"pid":${key},"arguments":"${'x'.repeat((key * 37) % 200)}"}}}\n`;
  }

  #append(text: string): void {
    const rest = this.#rest;
    this.#rest = '';
    const file = this.active ?? this.#create();
    fs.appendFileSync(this.path, text);
    // The rest of a line that was begun belongs to its own event.
    const begun = rest !== '' && text.startsWith(rest) ? file.entries.at(-1) : undefined;
    if (begun !== undefined) begun.endBytes += rest.length;
    file.text += text;
    for (const [, key] of text.matchAll(/seq-(\d+)"/g)) {
      file.entries.push({ key: Number(key), endBytes: file.text.length });
    }
  }

  #create(): ModelFile {
    fs.closeSync(fs.openSync(this.path, 'w'));
    return this.#add();
  }

  #add(): ModelFile {
    const file = {
      entries: [],
      text: '',
      name: ACTIVE,
      isPlain: true,
      isCompressed: false,
      seenInRun: 0,
      seenBytes: 0,
    };
    this.files.push(file);
    this.#rest = '';
    return file;
  }

  /** Renames the active file to a backup; in the same millisecond as the last time, over that one. */
  rename(isSameMillisecond = false): void {
    const file = this.active;
    if (file === undefined) return;
    if (!isSameMillisecond) this.#clockMs++;
    const name = `tetragon-${new Date(this.#clockMs).toISOString().slice(0, -1).replaceAll(':', '-')}.log`;
    const overwritten = this.files.find((other) => other.name === name);
    if (overwritten?.isCompressed) return;
    fs.renameSync(this.path, join(this.#folder, name));
    if (overwritten !== undefined) this.#vanished(overwritten);
    file.name = name;
    this.#rest = '';
  }

  rotate(isSameMillisecond = false): void {
    this.rename(isSameMillisecond);
    if (this.active === undefined) this.#create();
  }

  /** As lumberjack does; `half` leaves the plain file beside the copy. */
  compress(half: boolean): void {
    const file = this.backups.find(({ isPlain }) => isPlain);
    if (file?.name === undefined) return;
    const path = join(this.#folder, file.name);
    if (!file.text.includes('\n')) this.mayRepeat = true;
    if (!file.isCompressed) {
      fs.writeFileSync(`${path}.gz.tmp`, gzipSync(file.text, { level: 1 }));
      fs.renameSync(`${path}.gz.tmp`, `${path}.gz`);
      file.isCompressed = true;
    }
    if (half) return;
    fs.unlinkSync(path);
    file.isPlain = false;
  }

  deleteBackup(): void {
    const [file] = this.backups;
    if (file?.name === undefined) return;
    const path = join(this.#folder, file.name);
    if (file.isPlain) fs.unlinkSync(path);
    if (file.isCompressed) fs.unlinkSync(`${path}.gz`);
    this.#vanished(file);
  }

  deleteActive(): void {
    const file = this.active;
    if (file === undefined) return;
    fs.unlinkSync(this.path);
    this.#vanished(file);
  }

  cut(): void {
    const file = this.active;
    if (file === undefined) return;
    fs.truncateSync(this.path);
    file.name = undefined;
    this.vanishedBytes += file.text.length;
    for (const { key } of file.entries) this.mayMiss.add(key);
    this.mayRepeat = true;
    // The same inode, held by the same descriptor.
    this.#add().seenInRun = file.seenInRun;
  }

  /** No name leads to the file any more: only a descriptor can still give it. */
  #vanished(file: ModelFile): void {
    file.name = undefined;
    this.vanishedBytes += file.text.length;
    if (this.run === 0 || file.seenInRun !== this.run) this.#give(file);
  }

  #give(file: ModelFile): void {
    for (const { key } of file.entries) this.mayMiss.add(key);
  }

  /** The agent has looked. */
  looked(): void {
    if (this.run === 0) return;
    for (const file of this.files) {
      if (file.name === undefined) continue;
      file.seenInRun = this.run;
      file.seenBytes = file.text.length;
    }
  }

  /**
   * The agent is gone, and with it its descriptors.
   * @param remembers how many bytes of a file its checkpoint says there were
   */
  agentEnded(remembers: (file: ModelFile) => number): void {
    this.run = 0;
    for (const file of this.files) {
      if (file.name === undefined) this.#give(file);
      file.seenBytes = Math.min(file.seenBytes, remembers(file));
    }
  }

  /** What did not arrive: all, what had to, and the bytes of what the agent had seen. */
  missing(hasArrived: (key: number) => boolean): { keys: number[]; unexcused: number[]; seenBytes: number } {
    const keys: number[] = [];
    let lostBytes = 0;
    for (const { entries, seenBytes, text } of this.files) {
      // Before its first line is whole, a file cannot be told from another.
      const seen = text.includes('\n') ? seenBytes : 0;
      let start = 0;
      for (const { key, endBytes } of entries) {
        if (!hasArrived(key)) {
          keys.push(key);
          if (endBytes <= seen) lostBytes += endBytes - start;
        }
        start = endBytes;
      }
    }
    return { keys, unexcused: keys.filter((key) => !this.mayMiss.has(key)), seenBytes: lostBytes };
  }
}
