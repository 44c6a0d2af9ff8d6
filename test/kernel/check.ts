/** The two implementations side by side: the reference, which is believed, and the kernel, which is fast. */

import { expect, test } from 'vitest';
import { type ReferenceExtra, referenceRun } from '../../agent/kernel/reference.ts';
import type { FlattenOptions, RunResult } from '../../agent/kernel/types.ts';
import { KiB } from '../../agent/limits.ts';
import type { Expression } from '../../rules/ast.ts';
import { kernelRun } from './run-kernel.ts';

const DEFAULTS: FlattenOptions = {
  arrays: 'merge',
  jsonColumns: ['pod_labels', 'ancestors'],
  maxColumns: 900,
  maxLineBytes: 64 * KiB,
  addColumns: [],
  dropColumns: [],
  redactColumns: [],
};

/** Options of which a test says only what matters to it. */
export function withOptions(options: Partial<FlattenOptions> = {}): FlattenOptions {
  return { ...DEFAULTS, ...options };
}

/** Text where the bytes are UTF-8, hex where not: nothing may look equal that differs. */
function show(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? text : `hex ${buffer.toString('hex')}`;
}

/** A result as a failed comparison should print it. */
export function readable(result: RunResult): unknown {
  return {
    ...result,
    rows: result.rows.map(({ bytes, ...place }) => ({ row: show(bytes), ...place })),
    rejects: result.rejects.map(({ head, ...place }) => ({ ...place, head: show(head) })),
    matches: result.matches.map(({ row, ...match }) => ({ ...match, row: show(row) })),
  };
}

export type Extra = ReferenceExtra & { readonly cuts?: readonly number[]; readonly cacheEdges?: number };

/** Runs both, fails where they differ in anything at all, and returns what they agree on. */
export async function agree(
  bytes: Uint8Array,
  options: FlattenOptions,
  extra: Extra = {},
): Promise<RunResult> {
  const wanted = referenceRun(bytes, options, extra);
  expect(readable(await kernelRun(bytes, options, extra)), 'kernel against reference').toEqual(
    readable(wanted),
  );
  return wanted;
}

/** What a case of the contract says; what is left out is not looked at, but `rows` and `rejects` are then none. */
export interface Want {
  readonly rows?: readonly string[] | 'any';
  /** The reasons. */
  readonly rejects?: readonly string[];
  /** `offset+length` of each row and then of each reject. */
  readonly places?: readonly string[];
  readonly heads?: readonly string[];
  readonly names?: readonly string[];
  /** `condition kind offset`. */
  readonly matches?: readonly string[];
  readonly blankLines?: number;
  readonly filteredEvents?: number;
  readonly typeChanges?: number;
}

function summary(result: RunResult, want: Want): Want {
  const { rows, rejects, matches } = result;
  const all: Required<Want> = {
    rows: want.rows === 'any' ? 'any' : rows.map(({ bytes }) => show(bytes)),
    rejects: rejects.map(({ reason }) => reason),
    places: [...rows, ...rejects].map(({ offset, length }) => `${offset}+${length}`),
    heads: rejects.map(({ head }) => show(head)),
    names: result.names,
    matches: matches.map(({ condition, kind, offset }) => `${condition} ${kind} ${offset}`),
    blankLines: result.blankLines,
    filteredEvents: result.filteredEvents,
    typeChanges: result.typeChanges,
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in want));
}

/** One line, several lines, or the stream itself. */
export type Input = string | readonly string[] | Uint8Array;

export function streamOf(input: Input): Uint8Array {
  if (input instanceof Uint8Array) return input;
  const lines = typeof input === 'string' ? [input] : input;
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
}

/** Bytes from text in which `\xNN` stands for a byte, for what is not UTF-8. */
export function bytesOf(text: string): Uint8Array {
  const parts = text.split(/\\x([0-9a-f]{2})/);
  return Buffer.concat(parts.map((part, i) => Buffer.from(part, i % 2 === 0 ? 'utf8' : 'hex')));
}

/** A test: the reference gives what the contract says, and the kernel what the reference gives. */
export function check(
  title: string,
  input: Input,
  want: Want | string,
  options: Partial<FlattenOptions> = {},
  extra: Extra = {},
): void {
  const wanted = { rows: [], rejects: [], ...(typeof want === 'string' ? { rows: [want] } : want) };
  const bytes = streamOf(input);
  test(`reference: ${title}`, () => {
    const result = referenceRun(bytes, withOptions(options), extra);
    expect(summary(result, wanted)).toEqual(wanted);
  });
  test(`kernel: ${title}`, async () => {
    const result = await kernelRun(bytes, withOptions(options), extra);
    expect(summary(result, wanted)).toEqual(wanted);
    expect(readable(result)).toEqual(readable(referenceRun(bytes, withOptions(options), extra)));
  });
}

/** A refused line between two good ones, which must not notice. */
export function refuse(line: string, reason: string): void {
  const bytes = Buffer.concat([bytesOf('{"a":1}\n'), bytesOf(line), bytesOf('\n{"b":2}\n')]);
  check(`${reason} ${line.length > 60 ? `${line.slice(0, 57)}...` : line}`, bytes, {
    rows: ['{"a":1}', '{"b":2}'],
    rejects: [reason],
  });
}

/** Which of the events the expression matches. The rows themselves are not what these cases are about. */
export function rule(
  title: string,
  expression: Expression,
  yes: readonly string[],
  no: readonly string[],
  options: Partial<FlattenOptions> = {},
): void {
  let offset = 0;
  const matches: string[] = [];
  for (const [i, line] of [...yes, ...no].entries()) {
    if (i < yes.length) matches.push(`0 match ${offset}`);
    offset += Buffer.byteLength(line) + 1;
  }
  check(title, [...yes, ...no], { rows: 'any', matches }, options, { conditions: [{ expression }] });
}
