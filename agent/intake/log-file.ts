/** A plain log file, held by its descriptor: it can be read to its end after a rename or an unlink. */

import fs from 'node:fs';
import type { TrackedFile } from '../position.ts';
import { COMPRESSED } from './backup-names.ts';
import { ContainerRecords, isContainerRecord } from './container-records.ts';
import {
  type FileFacts,
  factsOfDescriptor,
  type Inode,
  isSameInode,
  openLogIfPresent,
} from './file-facts.ts';
import { type FirstLine, lastLineStart, readFirstLine } from './first-line.ts';
import type { HeldFile } from './held-file.ts';

/** Of the first line's end, where `time` stands; compared when the file has grown, to see a file cut and refilled. */
const SAMPLE_BYTES = 512;

const CLOSED = -1;

const scratch = Buffer.allocUnsafe(SAMPLE_BYTES);

export class LogFile implements HeldFile {
  tracked: TrackedFile;
  offsetBytes: number;
  sizeBytes: number;
  isFinal: boolean;
  atEndForNow: boolean;
  atFinalEnd: boolean;
  isTruncated: boolean;
  /** A plain file that cannot be read now may be readable later. */
  readonly damage = undefined;
  records: ContainerRecords | undefined;
  #fd: number;
  #sample: Buffer | undefined;
  #sampleAt: number;

  private constructor(fd: number, facts: FileFacts, source: string, path: string) {
    this.tracked = newTracked(source, path, facts);
    this.offsetBytes = 0;
    this.sizeBytes = facts.sizeBytes;
    this.isFinal = false;
    this.atEndForNow = false;
    this.atFinalEnd = false;
    this.isTruncated = false;
    this.records = undefined;
    this.#fd = fd;
    this.#sample = undefined;
    this.#sampleAt = 0;
  }

  /**
   * `undefined` when nothing is at the path; throws as `openLogIfPresent` does.
   * @param source key of the lineage
   */
  static openIfPresent(source: string, path: string): LogFile | undefined {
    return openLogIfPresent(path, (fd, facts) => {
      const file = new LogFile(fd, facts, source, path);
      file.identify();
      return file;
    });
  }

  get inode(): Inode {
    return this.tracked.identity;
  }

  get isOpen(): boolean {
    return this.#fd !== CLOSED;
  }

  get waitingBytes(): number {
    return Math.max(0, this.sizeBytes - this.offsetBytes);
  }

  /** Settles the identity once the first line is complete. Throws the system's error. */
  identify(): void {
    if (this.tracked.identity.firstLineHash !== '' || this.sizeBytes === 0) return;
    const line = readFirstLine(this.#fd);
    if (line === undefined) return;
    this.tracked.identity = { ...this.tracked.identity, firstLineHash: line.hash };
    if (line.isContainerRecord) this.records ??= new ContainerRecords();
    this.#takeSample(line);
  }

  #takeSample(line: FirstLine): void {
    const length = Math.min(SAMPLE_BYTES, line.lengthBytes);
    this.#sampleAt = line.lengthBytes - length;
    const sample = Buffer.alloc(length);
    if (fs.readSync(this.#fd, sample, 0, length, this.#sampleAt) === length) this.#sample = sample;
  }

  sawSize(sizeBytes: number): boolean {
    if (sizeBytes === this.sizeBytes || this.isTruncated) return false;
    if (sizeBytes < this.sizeBytes || !this.#sampleHolds()) this.isTruncated = true;
    else {
      this.sizeBytes = sizeBytes;
      if (this.isOpen) this.identify();
    }
    return true;
  }

  #sampleHolds(): boolean {
    const sample = this.#sample;
    if (sample === undefined || !this.isOpen) return true;
    const count = fs.readSync(this.#fd, scratch, 0, sample.length, this.#sampleAt);
    return count === sample.length && sample.compare(scratch, 0, count) === 0;
  }

  facts(): FileFacts {
    return factsOfDescriptor(this.#fd);
  }

  read(into: Uint8Array): number {
    const count = fs.readSync(this.#fd, into, 0, into.length, this.offsetBytes);
    const end = this.offsetBytes + count;
    this.atEndForNow = count < into.length;
    if (end > this.sizeBytes) {
      // Grown since the last look: or cut and refilled, and these bytes are not what follows.
      if (!this.#sampleHolds()) {
        this.isTruncated = true;
        this.atFinalEnd = false;
        return 0;
      }
      this.sizeBytes = end;
    }
    if (this.tracked.identity.firstLineHash === '') this.identify();
    if (this.isFinal && this.offsetBytes === 0 && this.tracked.identity.firstLineHash === '') {
      // There will be no newline: judge by what there is.
      if (isContainerRecord(into.subarray(0, count))) this.records ??= new ContainerRecords();
    }
    // A final file grows no more: a short read is its end, and a full one may be.
    this.atFinalEnd = this.isFinal && (count < into.length || end >= this.facts().sizeBytes);
    return count;
  }

  peek(into: Uint8Array): number {
    return this.isOpen ? fs.readSync(this.#fd, into, 0, into.length, this.offsetBytes) : 0;
  }

  consume(bytes: number): void {
    this.offsetBytes += bytes;
  }

  hasGrown(): boolean {
    return this.facts().sizeBytes > this.offsetBytes;
  }

  skipToEnd(): void {
    this.offsetBytes = lastLineStart(this.#fd, this.sizeBytes);
  }

  startOver(): void {
    const facts = this.facts();
    this.tracked = newTracked(this.tracked.source, this.tracked.path, facts);
    this.offsetBytes = 0;
    this.sizeBytes = facts.sizeBytes;
    this.isTruncated = false;
    this.records = undefined;
    this.#sample = undefined;
    this.identify();
  }

  reopen(): 'open' | 'gone' {
    const { source, path, identity } = this.tracked;
    // Its name may be that of its copy by now, whose inode may be the one it had.
    const again = path.endsWith(COMPRESSED) ? undefined : LogFile.openIfPresent(source, path);
    if (again === undefined) return 'gone';
    const { firstLineHash } = again.tracked.identity;
    const isSame =
      isSameInode(again.inode, identity) &&
      (firstLineHash === identity.firstLineHash || identity.firstLineHash === '');
    if (!isSame) {
      again.close();
      return 'gone';
    }
    this.#fd = again.#fd;
    this.sizeBytes = again.sizeBytes;
    this.identify();
    return 'open';
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = CLOSED;
    if (fd !== CLOSED) fs.closeSync(fd);
  }
}

function newTracked(source: string, path: string, facts: FileFacts): TrackedFile {
  return { source, path, identity: { device: facts.device, inode: facts.inode, firstLineHash: '' } };
}
