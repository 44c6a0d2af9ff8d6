/**
 * The password that the agents of the tests have, and the memory of everything they write: `make test` looks for the
 * one in the other at its end. No line, no file of state and no archive may hold it.
 */

import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const SUITE_SECRET = 'pw-of-the-suite-"7f\\1b';
/** As it stands in a header, and in JSON. */
/** The second one is what tests of the command line use. */
const FORMS = [
  SUITE_SECRET,
  'hunter2',
  btoa(`admin:${SUITE_SECRET}`),
  JSON.stringify(SUITE_SECRET).slice(1, -1),
];

/** Names the folder in which each process of tests keeps what its agents wrote; nothing is kept without it. */
export const OUTPUT_VARIABLE = 'TETRASHIP_TEST_OUTPUT';

/** Keeps what an agent has written. */
export function remember(text: string): void {
  const folder = process.env[OUTPUT_VARIABLE];
  if (folder !== undefined && text !== '') appendFileSync(join(folder, `${process.pid}.txt`), `${text}\n`);
}

/** Keeps what stands in a folder of state. */
export function rememberFolder(folder: string): void {
  if (process.env[OUTPUT_VARIABLE] === undefined) return;
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return; // this test had none
  }
  for (const name of names) {
    try {
      remember(`== ${name}\n${readFileSync(join(folder, name), 'latin1')}`);
    } catch {
      // A folder, or a file that an agent has just removed.
    }
  }
}

/** How much was kept in the folder, and the lines that hold the secret in any of its forms. */
export function searchSecret(folder: string): { readonly bytes: number; readonly found: readonly string[] } {
  let bytes = 0;
  const found: string[] = [];
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    bytes += text.length;
    for (const line of text.split('\n'))
      if (FORMS.some((form) => line.includes(form))) found.push(line.slice(0, 400));
  }
  return { bytes, found };
}
