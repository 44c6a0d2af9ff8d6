/** docs/walkthrough.md as a program: its shell blocks by section. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './kit.ts';

const PAGE = join(PROJECT, 'docs/walkthrough.md');

export interface Block {
  /** Of the heading above it. */
  readonly section: number;
  readonly commands: string;
}

/** Blocks that run everywhere: not those that need a real Tetragon, and not those for a person's hand. */
export function blocks(text = readFileSync(PAGE, 'utf8')): Block[] {
  return text.split(/^## /m).flatMap((part) => {
    const section = Number.parseInt(part, 10);
    const found = [...part.matchAll(/^```sh\n(.*?)^```$/gms)];
    return found.map(([, commands = '']) => ({ section, commands }));
  });
}

/** The output that the page shows in a section. */
export function outputShown(section: number): string {
  const part =
    readFileSync(PAGE, 'utf8')
      .split(/^## /m)
      .find((text) => Number.parseInt(text, 10) === section) ?? '';
  const [, output] = /^```\n(.*?)^```$/ms.exec(part) ?? [];
  if (output === undefined) throw new Error(`section ${section} shows no output`);
  return output;
}
