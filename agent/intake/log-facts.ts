/** What people are shown of a log file; made when somebody asks. */

import { KiB } from '../limits.ts';
import type { HeldFile } from './held-file.ts';

export interface LogFacts {
  readonly path: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly lagBytes: number;
  /** Age of the oldest event that is not read, by its own time; 0 when all is read, null when it cannot be told. */
  readonly lagSeconds: number | null;
  /** `false` while it waits closed for its turn. */
  readonly isOpen: boolean;
  readonly device: number;
  readonly inode: number;
  /** Hex; `''` while the first line is not complete. */
  readonly firstLineHash: string;
}

/** Of a longer line the time is not known: it stands at the end. */
const PEEK_BYTES = 64 * KiB;
const NEWLINE = 0x0a;
/** The event's own is the last one: names and labels of a pod stand before it. */
const EVENT_TIMES = /"time":\s*"([^"]{1,40})"/g;
const SECOND_MS = 1_000;

const piece = Buffer.allocUnsafe(PEEK_BYTES);

export function logFactsOf(file: HeldFile, nowMs: number): LogFacts {
  const { tracked, offsetBytes, sizeBytes, waitingBytes: lagBytes, isOpen } = file;
  const lagSeconds = lagBytes === 0 ? 0 : ageOf(file, nowMs);
  return { path: tracked.path, offsetBytes, sizeBytes, lagBytes, lagSeconds, isOpen, ...tracked.identity };
}

function ageOf(file: HeldFile, nowMs: number): number | null {
  const bytes = piece.subarray(0, peek(file));
  const line = bytes.toString('latin1', 0, Math.max(0, bytes.indexOf(NEWLINE)));
  const timeMs = Date.parse([...line.matchAll(EVENT_TIMES)].at(-1)?.[1] ?? '');
  return Number.isNaN(timeMs) ? null : Math.max(0, nowMs - timeMs) / SECOND_MS;
}

function peek(file: HeldFile): number {
  try {
    return file.peek(piece);
  } catch {
    // The reader meets the same failure, and says so.
    return 0;
  }
}
