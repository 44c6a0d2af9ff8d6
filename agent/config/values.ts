/**
 * The kinds of values a setting can have. A kind parses the text of an environment variable and says, in the
 * words of an error message and of the manual, what it accepts.
 */

import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, systemCode } from '../errors.ts';

/** Why a text is not acceptable; the caller adds the variable, the value and what is accepted. */
export class Unacceptable extends Error {}

export interface Kind<T> {
  /** Reads on after "accepted:", as in `a size from 4KiB to 6MiB`. */
  readonly accepts: string;
  readonly example: string;
  /** @throws {Unacceptable} */
  parse(text: string): T;
}

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
]);

const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** `2097152` as `2MiB`: the largest unit that divides it. */
export function formatBytes(bytes: number): string {
  for (const [unit, factor] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (bytes !== 0 && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}

/** `90000` as `90s`: the largest unit that divides it. */
export function formatDuration(milliseconds: number): string {
  for (const [unit, factor] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (milliseconds % factor === 0 && (milliseconds !== 0 || unit === 's')) {
      return `${milliseconds / factor}${unit}`;
    }
  }
  return `${milliseconds}ms`;
}

function within(value: number, min: number, max: number): number {
  if (value < min) throw new Unacceptable('too small');
  if (value > max) throw new Unacceptable('too large');
  return value;
}

/** Bytes: `64KiB`, `1.5MiB`, or a plain number of bytes. */
export function size(min: number, max: number, example: string): Kind<number> {
  return {
    accepts: `a size from ${formatBytes(min)} to ${formatBytes(max)}`,
    example,
    parse(text) {
      const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text);
      const factor = SIZE_UNITS.get(match?.[2]?.toLowerCase() ?? '?');
      if (match === null || factor === undefined) throw new Unacceptable('not a size in KiB, MiB or GiB');
      const bytes = Number(match[1]) * factor;
      if (!Number.isInteger(bytes)) throw new Unacceptable('not a whole number of bytes');
      return within(bytes, min, max);
    },
  };
}

/** Milliseconds: `250ms`, `1.5s`, `1m30s`. A number without a unit is refused: nobody knows which was meant. */
export function duration(min: number, max: number, example: string): Kind<number> {
  return {
    accepts: `a time from ${formatDuration(min)} to ${formatDuration(max)}`,
    example,
    parse(text) {
      if (/^\d+(\.\d+)?$/.test(text)) throw new Unacceptable('the unit is missing (ms, s, m or h)');
      if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) throw new Unacceptable('not a time in ms, s, m or h');
      let total = 0;
      for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
        total += Number(number) * (TIME_UNITS.get(unit ?? '') ?? Number.NaN);
      }
      return within(Math.round(total), min, max);
    },
  };
}

export function integer(min: number, max: number, example: string): Kind<number> {
  return {
    accepts: `a whole number from ${min} to ${max}`,
    example,
    parse(text) {
      if (!/^\d+$/.test(text)) throw new Unacceptable('not a whole number');
      return within(Number(text), min, max);
    },
  };
}

export function boolean(): Kind<boolean> {
  return {
    accepts: '`true` or `false`',
    example: 'true',
    parse(text) {
      if (/^(true|1|yes|on)$/i.test(text)) return true;
      if (/^(false|0|no|off)$/i.test(text)) return false;
      throw new Unacceptable('neither true nor false');
    },
  };
}

/** One of a few words. */
export function choice<const T extends string>(...words: readonly [T, ...T[]]): Kind<T> {
  const quoted = words.map((word) => `\`${word}\``);
  return {
    accepts:
      quoted.length === 1 ? `only ${quoted[0]}` : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`,
    example: words[0],
    parse(text) {
      const word = words.find((candidate) => candidate === text);
      if (word === undefined) throw new Unacceptable('not one of the words');
      return word;
    },
  };
}

/** Any text that matches `pattern`; `accepts` says the pattern in words. */
export function text(accepts: string, pattern: RegExp, example: string): Kind<string> {
  return {
    accepts,
    example,
    parse(value) {
      if (!pattern.test(value)) throw new Unacceptable('not that');
      return value;
    },
  };
}

/** A file or folder; relative ones count from the working directory. */
export function path(accepts: string, example: string): Kind<string> {
  return {
    accepts,
    example,
    parse(value) {
      if (value.includes('\0')) throw new Unacceptable('a path holds no NUL');
      return resolve(value);
    },
  };
}

/** The system's codes in words, where the words say more. */
const FILE_FAULTS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'no permission to read it'],
  ['EISDIR', 'it is a folder'],
]);

/** Runs what touches a file, and says its failure in words. */
export function touching<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Unacceptable) throw error;
    throw new Unacceptable(FILE_FAULTS.get(systemCode(error)) ?? messageOf(error));
  }
}

/** A file that can be read now. */
export function readableFile(accepts: string, example: string): Kind<string> {
  const inner = path(accepts, example);
  return {
    ...inner,
    parse(value) {
      const file = inner.parse(value);
      touching(() => accessSync(file, constants.R_OK));
      return file;
    },
  };
}

/** Items between commas; white space around them and empty ones do not count. */
export function list<T>(item: Kind<T>, max: number, plural: string): Kind<readonly T[]> {
  return {
    accepts: `${plural}, separated by commas (at most ${max})`,
    example: item.example,
    parse(value) {
      const items = value
        .split(',')
        .map((piece) => piece.trim())
        .filter((piece) => piece !== '');
      if (items.length === 0) throw new Unacceptable('the list is empty');
      if (items.length > max) throw new Unacceptable('too many');
      return items.map((piece) => item.parse(piece));
    },
  };
}

/** A list that can be empty, which is written `none`: an empty variable means the default. */
export function listOrNone<T>(item: Kind<T>, max: number, plural: string): Kind<readonly T[]> {
  const inner = list(item, max, plural);
  return {
    accepts: `${inner.accepts}, or \`none\``,
    example: inner.example,
    parse: (value) => (value === 'none' ? [] : inner.parse(value)),
  };
}

/** `name=value` pairs between commas, names once each. A value can hold `=` but no comma. */
export function pairs(
  name: Kind<string>,
  value: Kind<string>,
  max: number,
  example: string,
): Kind<readonly (readonly [name: string, value: string])[]> {
  const pair: Kind<readonly [string, string]> = {
    accepts: '',
    example,
    parse(piece) {
      const equals = piece.indexOf('=');
      if (equals < 1) throw new Unacceptable('not name=value');
      return [name.parse(piece.slice(0, equals).trim()), value.parse(piece.slice(equals + 1).trim())];
    },
  };
  const inner = list(pair, max, `\`name=value\` pairs (names: ${name.accepts}; values: ${value.accepts})`);
  return {
    ...inner,
    parse(text) {
      const found = inner.parse(text);
      const names = new Set(found.map(([key]) => key));
      if (names.size < found.length) throw new Unacceptable('a name stands twice');
      return found;
    },
  };
}
