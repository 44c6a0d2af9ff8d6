/**
 * The dead letters of earlier runs, for who sends them again. Nobody else may use the folder meanwhile.
 *
 * A crash at any line leaves a file as it was or as it was to become: a letter is never lost, and at worst sent twice.
 */

import fs from 'node:fs';
import { unlink } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile, syncFolder } from '../durable-file.ts';
import { systemCode } from '../errors.ts';
import { parseLetter, type StoredLetter } from './letter-format.ts';

const NEWLINE = 0x0a;

/** One line of a file. */
export interface LetterLine {
  /** With its newline, where it has one. */
  readonly bytes: Uint8Array;
  /** Undefined for a line that is no letter. */
  readonly letter: StoredLetter | undefined;
}

/** Full paths, the oldest first; empty when there is no such folder. */
export function letterFiles(folder: string): string[] {
  try {
    const names = fs.readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
    return names.sort().map((name) => path.join(folder, name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

export function readLetterFile(file: string): LetterLine[] {
  const bytes = fs.readFileSync(file);
  const lines: LetterLine[] = [];
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    const newline = bytes.indexOf(NEWLINE, start);
    end = newline < 0 ? bytes.length : newline + 1;
    const line = bytes.subarray(start, end);
    lines.push({ bytes: line, letter: parseLetter(line) });
  }
  return lines;
}

/** Puts these lines in the file's place; without any, the file goes. */
export async function replaceLetterFile(file: string, lines: readonly Uint8Array[]): Promise<void> {
  if (lines.length > 0) return replaceFile(file, Buffer.concat(lines));
  await unlink(file);
  await syncFolder(path.dirname(file));
}
