/**
 * HTML whose holes are escaped unless they are HTML themselves: log paths, rule names and answers of servers are
 * written by others, and no place of the page has to remember that.
 */

import { printable } from '../ops/printable.ts';

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Hole = string | number | Html | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for between tags and for quoted attributes; what would act (bidirectional controls and such) is spelled out. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

export function html(strings: TemplateStringsArray, ...holes: readonly Hole[]): Html {
  let text = strings[0] ?? '';
  for (const [place, hole] of holes.entries()) text += textOf(hole) + (strings[place + 1] ?? '');
  return new Html(text);
}

function textOf(hole: Hole): string {
  if (hole instanceof Html) return hole.text;
  if (typeof hole === 'string') return escapeHtml(hole);
  if (typeof hole === 'number') return String(hole);
  return hole.map(({ text }) => text).join('');
}
