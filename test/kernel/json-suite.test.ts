/** Each value of the suite as a whole line and as the value of an object: taken, or refused for the right reason. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { referenceRun } from '../../agent/kernel/reference.ts';
import type { RunResult } from '../../agent/kernel/types.ts';
import { withOptions } from './check.ts';
import { kernelRun } from './run-kernel.ts';

interface JsonCase {
  readonly verdict: string;
  readonly group: string;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** Reads `json-cases.txt`: its head says how. */
function readCases(): JsonCase[] {
  const file = readFileSync(new URL('json-cases.txt', import.meta.url), 'utf8');
  const [, ...sections] = file.split(/^== /m);
  return sections.flatMap((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const [, verdict = '', group = ''] = /^(\w+) (.+)$/.exec(heading) ?? [];
    return lines
      .filter((text) => text !== '')
      .map((text) => {
        const parts = text.split(/<([0-9a-f]{2})>/);
        const bytes = Buffer.concat(parts.map((part, i) => Buffer.from(part, i % 2 === 0 ? 'utf8' : 'hex')));
        return { verdict, group, text, bytes };
      });
  });
}

const CASES = readCases();

const options = withOptions({ arrays: 'json' });

/** Each case is one line, and every second line an event that must come through. */
function streamOf(before: string, after: string): { bytes: Uint8Array; offsets: number[] } {
  const parts: Uint8Array[] = [];
  const offsets: number[] = [];
  let length = 0;
  for (const { bytes } of CASES) {
    const line = Buffer.concat([Buffer.from(before), bytes, Buffer.from(`${after}\n{"ok":1}\n`)]);
    offsets.push(length);
    parts.push(line);
    length += line.length;
  }
  return { bytes: Buffer.concat(parts), offsets };
}

/** What became of the line at each offset: its row, or the reason why there is none. */
function outcomes({ rows, rejects }: RunResult): Map<number, string> {
  const found = new Map<number, string>();
  for (const { offset, bytes } of rows) found.set(offset, Buffer.from(bytes).toString());
  for (const { offset, reason } of rejects) found.set(offset, reason);
  return found;
}

const trimmed = (bytes: Uint8Array): string => Buffer.from(bytes).toString().trim();

/** What a line alone must become; `row` stands for any row. */
function wantedAlone({ verdict, bytes }: JsonCase): string {
  if (verdict !== 'good') return verdict;
  return trimmed(bytes).startsWith('{') ? 'row' : 'not_object';
}

/** What `{"v":` and the value must become: a scalar is copied as it is, of a container only the text is taken. */
function wantedInside({ verdict, bytes }: JsonCase): string {
  if (verdict !== 'good') return verdict;
  const text = trimmed(bytes);
  return /^[[{]/.test(text) ? 'row' : `{"v":${text}}`;
}

const shape = (outcome: string | undefined, wanted: string): string | undefined =>
  wanted === 'row' && outcome?.startsWith('{') === true ? 'row' : outcome;

const alone = streamOf('', '');
const inside = streamOf('{"v":', '}');
const cases = CASES.map((value, i) => ({
  value,
  title: `${value.verdict} (${value.group}): ${value.text.length > 60 ? `${value.text.slice(0, 57)}...` : value.text}`,
  alone: alone.offsets[i] ?? -1,
  inside: inside.offsets[i] ?? -1,
}));

describe.each([
  ['reference', (bytes: Uint8Array) => Promise.resolve(referenceRun(bytes, options))],
  ['kernel', (bytes: Uint8Array) => kernelRun(bytes, options)],
] as const)('%s', (_, run) => {
  const ran = Promise.all([run(alone.bytes), run(inside.bytes)]);

  test.each(cases)('$title', async (at) => {
    const [aloneRun, insideRun] = (await ran).map(outcomes);
    const wanted = { alone: wantedAlone(at.value), inside: wantedInside(at.value) };
    expect({
      alone: shape(aloneRun?.get(at.alone), wanted.alone),
      inside: shape(insideRun?.get(at.inside), wanted.inside),
    }).toEqual(wanted);
  });

  test('no event between them is lost', async () => {
    for (const { rows } of await ran) {
      const between = rows.filter(({ bytes }) => Buffer.from(bytes).toString() === '{"ok":1}');
      expect(between.length).toBe(CASES.length);
    }
  });
});

describe('the suite itself', () => {
  test('has a few hundred different values', () => {
    expect(new Set(CASES.map(({ text }) => text)).size).toBe(CASES.length);
    expect(CASES.length).toBeGreaterThan(400);
    expect(new Set(CASES.map(({ verdict }) => verdict))).toEqual(
      new Set(['good', 'invalid_json', 'invalid_utf8']),
    );
  });

  /** `JSON.parse` decides the same, but that it lets lone surrogates pass and never sees bytes. */
  test.each(CASES.filter(({ verdict }) => verdict !== 'invalid_utf8'))(
    '$verdict: $text',
    ({ bytes, verdict }) => {
      const parse = (): unknown => JSON.parse(Buffer.from(bytes).toString());
      if (verdict === 'good') expect(parse).not.toThrow();
      else expect(parse).toThrow(SyntaxError);
    },
  );
});
