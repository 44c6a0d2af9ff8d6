/** Real events to start from: the recorded logs where they lie beside the project, and a few kept here for where not. */

import { existsSync, readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { Generator } from '../../bench/generator.ts';

const RECORDED = new URL('../../../shared/data/', import.meta.url);
/** Every line of the recorded logs would be 60 MB; neighbours are alike. */
const LINES_PER_LOG = 250;
const GENERATED_LINES = 100;

function everyNth(lines: readonly Buffer[], count: number): Buffer[] {
  const step = Math.max(1, Math.floor(lines.length / count));
  return lines.filter((_, i) => i % step === 0);
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf('\n', start);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** Lines without their ends, none of them empty; `isRecorded` says whether the recorded logs were there. */
export function realEvents(): { lines: readonly Buffer[]; isRecorded: boolean } {
  const lines = linesOf(readFileSync(new URL('samples.ndjson', import.meta.url)));
  const captured = new URL('captured-events.json', RECORDED);
  if (!existsSync(captured)) {
    const generator = new Generator({ seed: 1, spaces: true });
    const generated = Array.from({ length: GENERATED_LINES }, () => Buffer.from(generator.next().trimEnd()));
    return { lines: [...lines, ...generated], isRecorded: false };
  }
  lines.push(...linesOf(readFileSync(captured)));
  for (const name of ['tetragon.log.zst', 'hostile.log.zst']) {
    const log = zstdDecompressSync(readFileSync(new URL(name, RECORDED)));
    lines.push(...everyNth(linesOf(log), LINES_PER_LOG));
  }
  return { lines: lines.filter(({ length }) => length > 0), isRecorded: true };
}
