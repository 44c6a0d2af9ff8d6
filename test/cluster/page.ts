/** docs/walkthrough.md as a program: its shell blocks by section. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './kit.ts';

const PAGE = join(PROJECT, 'docs/walkthrough.md');

export interface Block {
  /** Of the heading above it. */
  readonly section: number;
  /** What stands behind the opening fence: `sh`, `sh real-tetragon`, or nothing for an output. */
  readonly info: string;
  readonly text: string;
}

/** Every fenced block, in the order of the page. */
function blocks(): Block[] {
  return readFileSync(PAGE, 'utf8')
    .split(/^## /m)
    .flatMap((part) => {
      const section = Number.parseInt(part, 10);
      const fenced = part.matchAll(/^```(.*)\n((?:(?!```).*\n)*)```$/gm);
      return [...fenced].map(([, info = '', text = '']) => ({ section, info, text }));
    });
}

/** What a section tells to type: not what needs a real Tetragon, and not what is for a person's hand. */
export function commandsOf(section: number): string {
  const found = blocks().filter((block) => block.section === section && block.info === 'sh');
  if (found.length === 0) throw new Error(`section ${section} has no commands`);
  return found.map(({ text }) => text).join('');
}

/** The output that a section shows. */
export function outputShown(section: number): string {
  const found = blocks().find((block) => block.section === section && block.info === '');
  if (found === undefined) throw new Error(`section ${section} shows no output`);
  return found.text.trim();
}
