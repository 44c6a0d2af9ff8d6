/**
 * Rules from disk: files, and all `*.json` of folders in the order of their names.
 *
 * Files whose name begins with a dot are passed over, and so are `*.test.json`, which hold the cases of
 * `tetraship rules test`. Links are followed: a mounted ConfigMap is a folder of
 * links into a hidden `..data`. A folder without documents holds no rules; saying so is left to the caller.
 */

import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, TetrashipError } from '../agent/errors.ts';
import { MAX_RULES, MAX_RULES_DOCUMENT_BYTES } from '../agent/limits.ts';
import { joined, type ReadDocument, type ReadOptions, readDocument, throwProblems } from './document.ts';
import type { Rule, RuleSet } from './ruleset.ts';

/** `X.test.json` beside `X.json`. */
export const CASES_ENDING = '.test.json';

/** @throws {TetrashipError} `RULES`: what cannot be read, or all problems of all documents */
export function loadRules(...paths: readonly string[]): RuleSet {
  const { rules, problems } = collectRules(paths);
  throwProblems(problems);
  return { rules };
}

/**
 * The rules and what is wrong with them, as sentences that name the file: rules of a document with problems are
 * left out.
 * @throws {TetrashipError} `RULES`: what cannot be read
 */
export function collectRules(
  path: string | readonly string[],
  options: ReadOptions = {},
): { rules: readonly Rule[]; problems: string[] } {
  const paths = typeof path === 'string' ? [path] : path;
  const documents: ReadDocument[] = [];
  const places = new Map<string, string>();
  const problems: string[] = [];
  for (const file of paths.flatMap(documentsOf)) {
    documents.push(readDocument(readText(file), file, places, problems, options));
  }
  const { rules } = joined(documents);
  if (rules.length > MAX_RULES)
    problems.push(`${paths.join(', ')}: ${rules.length} rules are more than ${MAX_RULES}`);
  return { rules, problems };
}

/** The path itself, or the documents of the folder it names. */
export function documentsOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => name.endsWith('.json') && !name.endsWith(CASES_ENDING) && !name.startsWith('.'))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Never more than the limit and one byte, whatever the file's size says, and never a pipe that would block. */
export function readText(file: string): string {
  try {
    if (!statSync(file).isFile()) throw new Error('it is not a regular file');
    const descriptor = openSync(file, 'r');
    try {
      const room = Math.min(fstatSync(descriptor).size, MAX_RULES_DOCUMENT_BYTES) + 1;
      const buffer = Buffer.allocUnsafe(room);
      let length = 0;
      for (;;) {
        const read = readSync(descriptor, buffer, length, room - length, length);
        length += read;
        if (read === 0 || length === room) break;
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): TetrashipError {
  const message = `cannot read the rules of ${path}: ${messageOf(error)}: name a readable rules file or a folder of *.json`;
  return new TetrashipError('RULES', message, { cause: error });
}
